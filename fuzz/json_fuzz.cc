// Any text: skipping, reading and the lexical canonical form must agree on what is JSON, and the
// canonical form must be a fixed point wherever numbers are stable.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/require.h"
#include "json/canonical.h"
#include "json/cursor.h"
#include "json/number.h"
#include "json/value.h"

namespace {

using cortex::fuzz::require;
using cortex::json::Cursor;
using cortex::json::Extent;
using cortex::json::Value;

bool has_unstable_number(const Value& value) {
  if (const auto* const number = value.as_number()) return !cortex::json::is_stable(*number);
  if (const auto* const elements = value.as_array()) {
    for (const Value& element : *elements) {
      if (has_unstable_number(element)) return true;
    }
  }
  if (const auto* const object = value.as_object()) {
    for (const auto& [key, member] : *object) {
      if (has_unstable_number(member)) return true;
    }
  }
  return false;
}

std::string lexical_canonical(std::string_view text) {
  Cursor cursor(text);
  std::string out;
  require(cortex::json::write_lexical_canonical(cursor, out));
  return out;
}

void check_value(std::string_view text, const Extent& extent, const Value& value) {
  const std::string once = cortex::json::canonical(value);
  const auto again = cortex::json::parse(once);
  require(again.ok());
  const std::string lexical = lexical_canonical(text);
  const std::string_view written = text.substr(extent.begin, extent.end - extent.begin);
  require(extent.canonical == (lexical == written));
  require(lexical_canonical(once) == once);
  require(lexical_canonical(lexical) == lexical);
  require(cortex::json::parse(cortex::json::write_pretty(value)).ok());
  if (!has_unstable_number(value)) require(cortex::json::canonical(*again) == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Cursor tracked(text);
  Cursor untracked(text);
  Extent extent;
  const bool skipped = tracked.skip_value(&extent);
  require(untracked.skip_value() == skipped);
  require(untracked.position() == tracked.position());

  Cursor reader(text);
  Value value;
  require(cortex::json::read_value(reader, value) == skipped);
  require(reader.position() == tracked.position());
  require(reader.fault().kind == tracked.fault().kind);
  if (!skipped) return 0;
  check_value(text, extent, value);
  require(cortex::json::parse(text).ok() == tracked.at_end());
  return 0;
}
