#include "crypto/age.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/test_seams.h"
#include "base/text.h"
#include "crypto/bech32.h"

namespace cortex::crypto {
namespace {

// Made by `age-keygen` and `age` 1.1.1.
constexpr std::string_view kIdentity =
    "# created: 2026-11-30T02:04:55Z\n"
    "# public key: age14mx0mz99luxhckax4w80s0mtu607850hzxzfsmf6e3urv08t6ufqvxy9ag\n"
    "AGE-SECRET-KEY-1DRLDLAVZF63VCMVDEJGMHTT5K6MAZCULG8WLUYUAU4KQTU5MWQCQ5J5F5K\n";
constexpr std::string_view kRecipient =
    "age14mx0mz99luxhckax4w80s0mtu607850hzxzfsmf6e3urv08t6ufqvxy9ag";
constexpr std::string_view kFile =
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBQQTkwWlc3MXRaY1dJTDY2VjFBdklad1pKa2tzNWZnOXQyZktu"
    "NCs2RWpFClJRN2JIcDBMN1QzY3N0TTFSUjBZUDcyWjY3aENCMFJ0R1o4QWZvRDFibkkKLS0tIEJkZFNxSlVwT005TWFN"
    "VXFKZmxDNWlFRWVGbzJuTytpejFSMHpHSk1SRWsKnUgjEqTFL645jopfutNF35suzhP5M980JnlFD0tASkxvrn7REngr"
    "lpidIZ8meJ++JhAFOLrVMGJggptCmj2Mg+rdZiE=";

AgeSource source_of(const std::string& text, std::size_t& at, std::size_t most = ~std::size_t{0}) {
  return [&text, &at, most](std::span<char> out) -> Result<std::size_t> {
    const std::size_t count = std::min({out.size(), text.size() - at, most});
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), count, out.begin());
    at += count;
    return count;
  };
}

std::string encrypt(const std::string& plain, std::size_t most = ~std::size_t{0}) {
  const AgeRecipient recipients[] = {parse_age_recipient(kRecipient).value()};
  CountingRandom random;
  std::string out;
  std::size_t at = 0;
  const Status done =
      age_encrypt(recipients, random, source_of(plain, at, most), [&](std::string_view bytes) {
        out += bytes;
        return Status{};
      });
  EXPECT_TRUE(done.ok()) << done.error().text();
  return out;
}

Result<std::string> decrypt(const std::string& sealed, std::string_view identity = kIdentity,
                            std::size_t most = ~std::size_t{0}) {
  CORTEX_ASSIGN(const auto identities, parse_age_identities(identity));
  std::string out;
  std::size_t at = 0;
  CORTEX_TRY(age_decrypt(identities, source_of(sealed, at, most), [&](std::string_view bytes) {
    out += bytes;
    return Status{};
  }));
  return out;
}

Code code_of(const Result<std::string>& result) {
  return result.ok() ? Code::kOk : result.error().code;
}

TEST(Age, AFileOfTheToolIsRead) {
  const auto bytes = from_base64(kFile);
  const auto plain = decrypt(std::string(bytes->begin(), bytes->end()));
  ASSERT_TRUE(plain.ok()) << plain.error().text();
  EXPECT_EQ(*plain, "kept for the test of the age format\n");
  EXPECT_EQ(age_recipient_text(parse_age_identities(kIdentity)->front().recipient()), kRecipient);
}

TEST(Age, RoundTripsAroundChunkBorders_HoweverTheBytesCome) {
  constexpr std::size_t kChunk = 65536;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kChunk - 1, kChunk, kChunk + 1,
                                 2 * kChunk, 2 * kChunk + 5}) {
    std::string plain(size, 'x');
    for (std::size_t i = 0; i < size; i += 100) plain[i] = static_cast<char>(i);
    const std::string sealed = encrypt(plain, 1000);
    EXPECT_EQ(decrypt(sealed, kIdentity, 77).value(), plain) << size;
    EXPECT_EQ(sealed, encrypt(plain));
  }
}

TEST(Age, EveryChangeAndEveryCutIsFound) {
  const std::string sealed = encrypt(std::string(70'000, 'x'));
  for (std::size_t i = 0; i < sealed.size(); i += i < 400 ? 1 : 997) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(decrypt(changed).ok()) << i;
    EXPECT_FALSE(decrypt(sealed.substr(0, i)).ok()) << i;
  }
  EXPECT_EQ(code_of(decrypt(sealed + "x")), Code::kQuarantined);
  // Cut behind the first chunk: what is left is whole chunks, the last one is missing.
  const std::size_t header = sealed.find("\n--- ") + 49;
  EXPECT_EQ(code_of(decrypt(sealed.substr(0, header + 16 + 65536 + 16))), Code::kQuarantined);
}

TEST(Age, AnotherIdentityIsToldApartFromDamage) {
  std::array<std::uint8_t, 32> secret;
  secret.fill(5);
  const std::string other = to_bech32("age-secret-key-", secret);
  std::string upper;
  for (const char c : other) {
    upper.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  const std::string sealed = encrypt("x");
  EXPECT_EQ(code_of(decrypt(sealed, upper)), Code::kPrecondition);
  EXPECT_TRUE(decrypt(sealed, cat(upper, "\n", kIdentity)).ok());
  EXPECT_EQ(code_of(decrypt(sealed, "# nothing\n")), Code::kPrecondition);
  EXPECT_EQ(code_of(decrypt(sealed, other)), Code::kPrecondition);  // lower case
}

TEST(Age, RecipientsOfOtherKindsAreSkipped_MalformedHeadersAreNot) {
  const std::string sealed = encrypt("x");
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = sealed;
    text.replace(text.find(from), from.size(), to);
    return decrypt(text);
  };
  // The header's code covers every recipient, so that none can be added.
  EXPECT_FALSE(with("-> X25519", "-> other one\n\n-> X25519").ok());
  EXPECT_EQ(code_of(with("v1\n", "v2\n")), Code::kQuarantined);
  EXPECT_EQ(code_of(with("-> X25519 ", "-> X25519  ")), Code::kQuarantined);
  EXPECT_EQ(code_of(with("\n--- ", "=\n--- ")), Code::kQuarantined);
  EXPECT_EQ(code_of(with("\n--- ", "AA\n--- ")), Code::kQuarantined);
  // The last digit of a text has one form: with other bits that say nothing it is another text.
  std::string other_form = sealed;
  ++other_form[sealed.find("\n--- ") - 1];
  EXPECT_EQ(code_of(decrypt(other_form)), Code::kQuarantined);
  EXPECT_FALSE(parse_age_header("").ok());
  EXPECT_FALSE(parse_age_header("age-encryption.org/v1\n--- AAAA\n").ok());
  const auto header = parse_age_header(sealed);
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->stanzas.size(), 1U);
  EXPECT_TRUE(header->signed_part.ends_with("\n---"));
}

TEST(Bech32, TheChecksumAndTheCaseCount) {
  EXPECT_TRUE(from_bech32(kRecipient).has_value());
  std::string text(kRecipient);
  text.back() = text.back() == 'g' ? 'q' : 'g';
  EXPECT_FALSE(from_bech32(text).has_value());
  text = kRecipient;
  text[10] = 'M';
  EXPECT_FALSE(from_bech32(text).has_value());
  EXPECT_FALSE(from_bech32("").has_value());
  EXPECT_FALSE(from_bech32("1qqqqqq").has_value());
  for (const char* valid :
       {"A12UEL5L", "a12uel5l", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"}) {
    EXPECT_TRUE(from_bech32(valid).has_value()) << valid;  // BIP 173
  }
}

}  // namespace
}  // namespace cortex::crypto
