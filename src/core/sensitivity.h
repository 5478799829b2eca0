// How far what is marked may travel. Memories and events are marked by the tags
// `sensitivity:low|medium|high`, texts by `[sensitivity:...]` or `[sens:...]` anywhere in them,
// both in any case, with blanks around a tag and its level. What bears no mark is low. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cortex::core {

enum class Sensitivity : std::uint8_t { kLow, kMedium, kHigh };

std::string_view sensitivity_token(Sensitivity level);  // "low"
std::optional<Sensitivity> parse_sensitivity(std::string_view text);

// The highest level that a tag or a mark names.
Sensitivity sensitivity_of_tags(std::span<const std::string> tags);
Sensitivity sensitivity_of_text(std::string_view text);

}  // namespace cortex::core
