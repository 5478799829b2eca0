// Encrypted files and their keys: a header says where everything in it stands, nothing is handed
// out that was not authenticated, and what decrypts was made for the identity.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"
#include "crypto/age.h"
#include "crypto/bech32.h"
#include "fuzz/require.h"

namespace {

using cortex::Code;
using cortex::Result;
using cortex::Status;
using cortex::fuzz::require;

constexpr std::string_view kIdentity =
    "AGE-SECRET-KEY-1DRLDLAVZF63VCMVDEJGMHTT5K6MAZCULG8WLUYUAU4KQTU5MWQCQ5J5F5K\n";

void check_header(std::string_view text) {
  const auto header = cortex::crypto::parse_age_header(text);
  if (!header.ok()) {
    require(header.error().code == Code::kQuarantined);
    require(cortex::fuzz::is_printable(header.error().text()));
    return;
  }
  require(!header->stanzas.empty() && header->mac.size() == 32);
  require(header->size_bytes <= text.size() && text[header->size_bytes - 1] == '\n');
  require(header->signed_part.ends_with("\n---"));
  require(text.starts_with(header->signed_part));
  for (const auto& stanza : header->stanzas) {
    require(!stanza.arguments.empty());
    for (const std::string& argument : stanza.arguments) {
      require(cortex::fuzz::is_printable(argument));
    }
  }
  // What follows the header does not count.
  const auto again = cortex::crypto::parse_age_header(text.substr(0, header->size_bytes));
  require(again.ok() && again->mac == header->mac);
}

void check_file(std::string_view text) {
  const auto identities = cortex::crypto::parse_age_identities(kIdentity);
  require(identities.ok());
  std::size_t at = 0;
  const auto source = [&](std::span<char> out) -> Result<std::size_t> {
    const std::size_t count = std::min({out.size(), text.size() - at, std::size_t{100}});
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), count, out.begin());
    at += count;
    return count;
  };
  const Status done =
      cortex::crypto::age_decrypt(*identities, source, [](std::string_view) { return Status{}; });
  if (done.ok()) return;
  require(done.error().code == Code::kQuarantined || done.error().code == Code::kPrecondition);
  require(cortex::fuzz::is_printable(done.error().text()));
}

void check_keys(std::string_view text) {
  const auto decoded = cortex::crypto::from_bech32(text);
  if (decoded) {
    require(cortex::crypto::to_bech32(decoded->prefix, decoded->bytes) ==
            cortex::to_lower_ascii(text));
  }
  const auto recipient = cortex::crypto::parse_age_recipient(text);
  if (recipient.ok()) require(cortex::crypto::age_recipient_text(*recipient) == text);
  // Whatever they say of it, they say it.
  static_cast<void>(cortex::crypto::parse_age_recipients(text).ok());
  static_cast<void>(cortex::crypto::parse_age_identities(text).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_header(text);
  check_file(text);
  check_keys(text);
  return 0;
}
