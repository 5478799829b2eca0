// Files in the age v1 format (age-encryption.org/v1, C2SP), with X25519 recipients: what is written
// here the tool `age` reads, and the other way round.
//
// Streaming in both directions: memory is two chunks of 64 KiB, whatever the size. Secrets are
// wiped. Nothing that was not authenticated is handed out; a truncated file gives a prefix of its
// chunks and then an error, so that a caller publishes nothing before the end.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace cortex::crypto {

using AgeRecipient = std::array<std::uint8_t, 32>;  // a public key

// "age1..." Error: kPrecondition.
Result<AgeRecipient> parse_age_recipient(std::string_view text);
std::string age_recipient_text(const AgeRecipient& recipient);

// A private key; wiped when it goes.
class AgeIdentity {
 public:
  explicit AgeIdentity(const std::array<std::uint8_t, 32>& secret);
  AgeIdentity(AgeIdentity&& other) noexcept;
  AgeIdentity& operator=(AgeIdentity&&) = delete;
  ~AgeIdentity();

  const AgeRecipient& recipient() const { return recipient_; }
  std::span<const std::uint8_t, 32> secret() const { return secret_; }

 private:
  std::array<std::uint8_t, 32> secret_;
  AgeRecipient recipient_;
};

// The lines of an identity file: "AGE-SECRET-KEY-1...", comments with #, blank lines. At least one
// key. Errors: kPrecondition, naming the line and nothing of its contents.
Result<std::vector<AgeIdentity>> parse_age_identities(std::string_view text);
// The lines of a recipients file: "age1...", comments with #, blank lines.
Result<std::vector<AgeRecipient>> parse_age_recipients(std::string_view text);

struct AgeStanza {
  std::vector<std::string> arguments;  // type first: "X25519", share
  std::string body;                    // decoded
};
struct AgeHeader {
  std::vector<AgeStanza> stanzas;
  std::string_view signed_part;  // of the text, up to and with "---"
  std::string mac;               // decoded, 32 bytes
  std::size_t size_bytes = 0;    // with its last line end
};
inline constexpr std::size_t kAgeHeaderBytesMax = 1U << 16U;
// The header at the beginning of `text`. Errors: kQuarantined: no age file, malformed, or longer
// than the limit or than `text`.
Result<AgeHeader> parse_age_header(std::string_view text);

// Reads up to the span's size; 0 is the end, fewer bytes come only before it.
using AgeSource = std::function<Result<std::size_t>(std::span<char>)>;
using AgeSink = std::function<Status(std::string_view)>;

// Errors: kPrecondition without recipients or for one of low order; those of source and sink.
Status age_encrypt(std::span<const AgeRecipient> recipients, Random& random,
                   const AgeSource& source, const AgeSink& sink);
// Errors: kQuarantined: no age file, changed, or truncated; kPrecondition: for none of the
// identities; those of source and sink.
Status age_decrypt(std::span<const AgeIdentity> identities, const AgeSource& source,
                   const AgeSink& sink);

}  // namespace cortex::crypto
