// TUF metadata: a refusal has the token and can be printed, a root that is accepted reads the same
// again, and nothing that nobody of Sigstore signed follows Sigstore's root or counts under it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/require.h"
#include "json/value.h"
#include "ledger/anchor/sigstore_root.h"
#include "ledger/anchor/tuf.h"

namespace {

using cortex::Timestamp;
using cortex::fuzz::require;

constexpr Timestamp kNow{1'790'000'000, 0};

template <class T>
bool holds(const cortex::Result<T>& result) {
  if (result.ok()) return true;
  require(result.error().token == cortex::ledger::kTufToken);
  require(cortex::fuzz::is_printable(result.error().text()));
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto sigstore =
      cortex::ledger::parse_tuf_root(cortex::ledger::sigstore_tuf_root()).value();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require(!holds(cortex::ledger::next_tuf_root(sigstore, text)));
  for (const std::string_view role : {"timestamp", "snapshot", "targets"}) {
    require(!holds(cortex::ledger::parse_tuf_metadata(sigstore, role, text, kNow, 0)));
  }
  const auto root = cortex::ledger::parse_tuf_root(text);
  if (!holds(root)) return 0;
  require(root->text == text &&
          cortex::ledger::parse_tuf_root(root->text)->version == root->version);
  // It is no successor of itself.
  require(!holds(cortex::ledger::next_tuf_root(*root, text)));
  const auto parsed = cortex::json::parse(text);
  require(parsed.ok() && cortex::ledger::tuf_canonical(*parsed).ok());
  return 0;
}
