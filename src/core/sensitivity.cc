#include "core/sensitivity.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace cortex::core {
namespace {

constexpr std::array<std::string_view, 3> kLevels{"low", "medium", "high"};
constexpr std::string_view kSensitivityTag = "sensitivity:";
constexpr std::array<std::string_view, 2> kSensitivityMarks{"[sensitivity:", "[sens:"};

}  // namespace

std::string_view sensitivity_token(Sensitivity level) {
  return kLevels[static_cast<std::size_t>(level)];
}

std::optional<Sensitivity> parse_sensitivity(std::string_view text) {
  const auto* found = std::ranges::find(kLevels, text);
  if (found == kLevels.end()) return std::nullopt;
  return static_cast<Sensitivity>(found - kLevels.begin());
}

Sensitivity sensitivity_of_tags(std::span<const std::string> tags) {
  Sensitivity highest = Sensitivity::kLow;
  for (const std::string& tag : tags) {
    const std::string lower = to_lower_ascii(trim(tag));
    if (!lower.starts_with(kSensitivityTag)) continue;
    const auto level =
        parse_sensitivity(trim(std::string_view(lower).substr(kSensitivityTag.size())));
    if (level) highest = std::max(highest, *level);
  }
  return highest;
}

Sensitivity sensitivity_of_text(std::string_view text) {
  const std::string lower = to_lower_ascii(text);
  for (const Sensitivity level : {Sensitivity::kHigh, Sensitivity::kMedium}) {
    for (const std::string_view mark : kSensitivityMarks) {
      if (lower.find(cat(mark, sensitivity_token(level), "]")) != std::string::npos) return level;
    }
  }
  return Sensitivity::kLow;
}

}  // namespace cortex::core
