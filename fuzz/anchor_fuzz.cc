// Anchors and histories: a refusal has its token, and what is accepted can be written and read
// again as the same anchors.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/require.h"
#include "ledger/anchor/anchor.h"

namespace {

using cortex::fuzz::require;

void check_error(const cortex::Error& error) {
  require(error.code == cortex::Code::kPrecondition || error.code == cortex::Code::kIntegrity);
  require(error.token.starts_with("anchor."));
  require(cortex::fuzz::is_printable(error.text()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto history = cortex::ledger::parse_anchor_history(text);
  if (!history.ok()) {
    check_error(history.error());
  } else {
    std::string written;
    for (const auto& anchor : *history) written += anchor_text(anchor);
    const auto again = cortex::ledger::parse_anchor_history(written);
    // The offset may have moved the first or last hours of four-digit years out of them.
    if (again.ok()) {
      std::string twice;
      for (const auto& anchor : *again) twice += anchor_text(anchor);
      require(twice == written && again->size() == history->size());
    }
  }
  const auto one = cortex::ledger::parse_anchor(text);
  if (!one.ok()) {
    check_error(one.error());
  } else {
    require(history.ok() && history->size() == 1 && history->front().head == one->head);
  }
  return 0;
}
