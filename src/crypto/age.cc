#include "crypto/age.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/fixed_bytes.h"
#include "base/text.h"
#include "crypto/bech32.h"
#include "crypto/ed25519.h"

namespace cortex::crypto {
namespace {

using Key = std::array<std::uint8_t, 32>;
using FileKey = std::array<std::uint8_t, 16>;
using Nonce = std::array<std::uint8_t, 12>;

constexpr std::string_view kVersionLine = "age-encryption.org/v1\n";
constexpr std::string_view kX25519Info = "age-encryption.org/v1/X25519";
constexpr std::string_view kStanzaType = "X25519";
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kChunkBytes = 64U << 10U;
constexpr std::size_t kPayloadNonceBytes = 16;
constexpr std::size_t kLineCharacters = 64;

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Error malformed(std::string_view message) {
  return make_error(Code::kQuarantined, cat("this is no intact age file: ", message),
                    "nothing was decrypted", "use another copy of the file");
}

// HMAC-SHA256.
Key hmac(std::span<const std::uint8_t> key, std::string_view message) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const std::uint8_t*>(message.data()),
                                message.size());
  Key out;
  crypto_auth_hmacsha256_final(&state, out.data());
  sodium_memzero(&state, sizeof state);
  return out;
}

// HKDF-SHA256 (RFC 5869) of 32 bytes: one block of the expansion.
Key hkdf(std::span<const std::uint8_t> secret, std::span<const std::uint8_t> salt,
         std::string_view info) {
  constexpr Key kNoSalt{};  // what the RFC takes when there is none
  Key extracted =
      hmac(salt.empty() ? std::span<const std::uint8_t>(kNoSalt) : salt, text_of(secret));
  const Key out = hmac(extracted, cat(info, '\x01'));
  wipe(extracted);
  return out;
}

// ChaCha20-Poly1305 (RFC 8439) with one key for many chunks.
class Aead {
 public:
  explicit Aead(const Key& key) : context_(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free), key_(key) {
    CORTEX_CHECK(context_ != nullptr);
  }
  Aead(const Aead&) = delete;
  Aead& operator=(const Aead&) = delete;
  ~Aead() { wipe(key_); }

  // `out` has the tag's bytes more than `in`.
  void seal(const Nonce& nonce, std::span<const char> in, std::span<char> out) {
    int written = 0;
    bool good =
        EVP_EncryptInit_ex(context_.get(), EVP_chacha20_poly1305(), nullptr, key_.data(),
                           nonce.data()) == 1 &&
        EVP_EncryptUpdate(context_.get(), bytes(out), &written, bytes(in), length(in)) == 1 &&
        EVP_EncryptFinal_ex(context_.get(), bytes(out) + written, &written) == 1 &&
        EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                            bytes(out) + in.size()) == 1;
    CORTEX_CHECK(good);
  }
  // `in` has the tag's bytes more than `out`. False: not what was sealed.
  bool open(const Nonce& nonce, std::span<const char> in, std::span<char> out) {
    const auto text = in.first(out.size());
    std::array<std::uint8_t, kTagBytes> tag;
    std::ranges::copy(in.subspan(out.size()), reinterpret_cast<char*>(tag.data()));
    int written = 0;
    return EVP_DecryptInit_ex(context_.get(), EVP_chacha20_poly1305(), nullptr, key_.data(),
                              nonce.data()) == 1 &&
           EVP_DecryptUpdate(context_.get(), bytes(out), &written, bytes(text), length(text)) ==
               1 &&
           EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1 &&
           EVP_DecryptFinal_ex(context_.get(), bytes(out) + written, &written) == 1;
  }

 private:
  static std::uint8_t* bytes(std::span<char> text) {
    return reinterpret_cast<std::uint8_t*>(text.data());
  }
  static const std::uint8_t* bytes(std::span<const char> text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
  }
  static int length(std::span<const char> text) { return static_cast<int>(text.size()); }

  std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context_;
  Key key_;
};

// The nonce of chunk `counter`: big-endian, then the mark of the last chunk.
Nonce chunk_nonce(std::uint64_t counter, bool is_last) {
  Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) {
    nonce[10 - i] = static_cast<std::uint8_t>(counter >> (8 * i));
  }
  nonce[11] = is_last ? 1 : 0;
  return nonce;
}

// Base64 without padding, in its one form.
std::string to_plain_base64(std::span<const std::uint8_t> bytes) {
  std::string text = to_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::optional<std::string> from_plain_base64(std::string_view text) {
  if (text.find('=') != std::string_view::npos) return std::nullopt;
  std::string padded(text);
  padded.append((4 - text.size() % 4) % 4, '=');
  const auto bytes = from_base64(padded);  // takes no other form of the last digit
  if (!bytes) return std::nullopt;
  return std::string(text_of(*bytes));
}

// The key that wraps a file key; nullopt for a share of low order.
std::optional<Key> wrap_key(std::span<const std::uint8_t, 32> secret,
                            std::span<const std::uint8_t, 32> point,
                            std::span<const std::uint8_t, 32> share,
                            std::span<const std::uint8_t, 32> recipient) {
  Key shared;
  if (crypto_scalarmult(shared.data(), secret.data(), point.data()) != 0) return std::nullopt;
  std::array<std::uint8_t, 64> salt;
  std::ranges::copy(share, salt.begin());
  std::ranges::copy(recipient, salt.begin() + 32);
  Key out = hkdf(shared, salt, kX25519Info);
  wipe(shared);
  return out;
}

Result<std::string> stanza_for(const AgeRecipient& recipient, const FileKey& file_key,
                               Random& random) {
  Key secret, share;
  random.fill(secret);
  crypto_scalarmult_base(share.data(), secret.data());
  auto key = wrap_key(secret, recipient, share, recipient);
  wipe(secret);
  if (!key) {
    return make_error(Code::kPrecondition, "a recipient's key is of low order",
                      "nothing was encrypted", "give the recipient's real key");
  }
  std::array<std::uint8_t, sizeof(FileKey) + kTagBytes> body;
  Aead(*key).seal({}, std::span(reinterpret_cast<const char*>(file_key.data()), file_key.size()),
                  std::span(reinterpret_cast<char*>(body.data()), body.size()));
  wipe(*key);
  return cat("-> ", kStanzaType, " ", to_plain_base64(share), "\n", to_plain_base64(body), "\n");
}

std::string header_mac(const FileKey& file_key, std::string_view signed_part) {
  Key key = hkdf(file_key, {}, "header");
  const Key mac = hmac(key, signed_part);
  wipe(key);
  return std::string(text_of(mac));
}

std::optional<FileKey> unwrap(const AgeIdentity& identity, const AgeStanza& stanza) {
  const auto share = from_plain_base64(stanza.arguments[1]);
  std::array<std::uint8_t, 32> point;
  if (!share || share->size() != point.size()) return std::nullopt;
  std::ranges::copy(*share, reinterpret_cast<char*>(point.data()));
  auto key = wrap_key(identity.secret(), point, point, identity.recipient());
  if (!key) return std::nullopt;
  FileKey out;
  const bool opened =
      Aead(*key).open({}, stanza.body, std::span(reinterpret_cast<char*>(out.data()), out.size()));
  wipe(*key);
  return opened ? std::optional(out) : std::nullopt;
}

Result<FileKey> find_file_key(std::span<const AgeIdentity> identities, const AgeHeader& header) {
  for (const AgeStanza& stanza : header.stanzas) {
    if (stanza.arguments[0] != kStanzaType) continue;  // for somebody else
    if (stanza.arguments.size() != 2 || stanza.body.size() != sizeof(FileKey) + kTagBytes) {
      return malformed("a recipient is malformed");
    }
    for (const AgeIdentity& identity : identities) {
      auto key = unwrap(identity, stanza);
      if (!key) continue;
      if (header_mac(*key, header.signed_part) == header.mac) return *key;
      wipe(*key);
      return malformed("its header was changed");
    }
  }
  return make_error(Code::kPrecondition, "the file was encrypted for none of the identities given",
                    "nothing was decrypted", "give the identity file of one of its recipients");
}

// Reads a line that ends in '\n'; nullopt when there is none.
std::optional<std::string_view> next_line(std::string_view text, std::size_t& at) {
  const std::size_t end = text.find('\n', at);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(at, end - at);
  at = end + 1;
  return line;
}

Result<AgeStanza> parse_stanza(std::string_view line, std::string_view text, std::size_t& at) {
  AgeStanza stanza;
  for (const std::string_view argument : split(line.substr(3), ' ')) {
    const bool printable =
        std::ranges::all_of(argument, [](char c) { return c >= '!' && c <= '~'; });
    if (argument.empty() || !printable) return malformed("a recipient is malformed");
    stanza.arguments.emplace_back(argument);
  }
  for (;;) {
    const auto body = next_line(text, at);
    if (!body || body->size() > kLineCharacters) return malformed("a recipient's text is cut");
    const auto bytes = from_plain_base64(*body);
    if (!bytes) return malformed("a recipient's text is malformed");
    stanza.body += *bytes;
    if (body->size() < kLineCharacters) return stanza;
  }
}

// A source with a buffer before it.
class Reader {
 public:
  explicit Reader(const AgeSource& source) : source_(source) {}

  // Fills `out` as far as there are bytes.
  Result<std::size_t> read(std::span<char> out) {
    std::size_t got = std::min(out.size(), buffer_.size());
    std::copy_n(buffer_.begin(), got, out.begin());
    buffer_.erase(0, got);
    while (got < out.size()) {
      CORTEX_ASSIGN(const std::size_t more, source_(out.subspan(got)));
      if (more == 0) break;
      got += more;
    }
    return got;
  }
  // At least one more byte into the buffer; false at the end.
  Result<bool> buffer_more() {
    std::array<char, 4096> block;
    CORTEX_ASSIGN(const std::size_t got, source_(block));
    buffer_.append(block.data(), got);
    return got > 0;
  }
  std::string& buffer() { return buffer_; }

 private:
  const AgeSource& source_;
  std::string buffer_;
};

// The header's text, in the reader's buffer when this returns.
Status buffer_header(Reader& reader) {
  for (;;) {
    const std::string& text = reader.buffer();
    const std::size_t last = text.find("\n---");
    if (last != std::string::npos && text.find('\n', last + 1) != std::string::npos) return {};
    const std::size_t known = std::min(text.size(), kVersionLine.size());
    if (text.compare(0, known, kVersionLine, 0, known) != 0) {
      return malformed("it does not begin like one");
    }
    if (text.size() > kAgeHeaderBytesMax) return malformed("its header is too long");
    CORTEX_ASSIGN(const bool more, reader.buffer_more());
    if (!more) return malformed("it ends in its header");
  }
}

Status open_chunks(Aead& aead, Reader& reader, const AgeSink& sink) {
  std::string sealed(kChunkBytes + kTagBytes, '\0'), next(kChunkBytes + kTagBytes, '\0');
  std::string plain(kChunkBytes, '\0');
  CORTEX_ASSIGN(std::size_t size, reader.read(sealed));
  for (std::uint64_t counter = 0;; ++counter) {
    std::size_t next_size = 0;
    if (size == sealed.size()) {
      CORTEX_ASSIGN(next_size, reader.read(next));
    }
    const bool is_last = next_size == 0;
    if (size < kTagBytes) return malformed("it was cut off");
    const std::span<char> out(plain.data(), size - kTagBytes);
    if (!aead.open(chunk_nonce(counter, is_last), std::span(sealed.data(), size), out)) {
      return malformed(cat("its chunk ", counter, " was changed, or it was cut off"));
    }
    if (is_last && out.empty() && counter > 0) return malformed("its last chunk is empty");
    CORTEX_TRY(sink(std::string_view(out.data(), out.size())));
    if (is_last) break;
    std::swap(sealed, next);
    size = next_size;
  }
  sodium_memzero(plain.data(), plain.size());
  return {};
}

template <class T, class Parse>
Result<std::vector<T>> parse_lines(std::string_view text, std::string_view what, Parse parse) {
  std::vector<T> out;
  std::size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    const std::string_view key = trim(line);
    if (key.empty() || key.starts_with('#')) continue;
    if (!parse(key, out)) {
      return make_error(Code::kPrecondition, cat("line ", number, " is no age ", what),
                        "nothing was changed", "give a file as `age-keygen` writes it");
    }
  }
  if (!out.empty()) return out;
  return make_error(Code::kPrecondition, cat("there is no age ", what, " in the file"),
                    "nothing was changed", "give a file as `age-keygen` writes it");
}

}  // namespace

AgeIdentity::AgeIdentity(const std::array<std::uint8_t, 32>& secret)
    : secret_(secret), recipient_{} {
  crypto_scalarmult_base(recipient_.data(), secret_.data());
}

AgeIdentity::AgeIdentity(AgeIdentity&& other) noexcept
    : secret_(other.secret_), recipient_(other.recipient_) {
  wipe(other.secret_);
}

AgeIdentity::~AgeIdentity() { wipe(secret_); }

Result<AgeRecipient> parse_age_recipient(std::string_view text) {
  const auto decoded = from_bech32(text);
  const auto out = decoded
                       ? fixed_bytes<AgeRecipient>(std::span<const std::uint8_t>(decoded->bytes))
                       : std::nullopt;
  if (!out || decoded->prefix != "age" || !text.starts_with("age1")) {
    return make_error(Code::kPrecondition, cat(quoted(text), " is no age recipient"),
                      "nothing was changed", "give a public key that begins with age1");
  }
  return *out;
}

std::string age_recipient_text(const AgeRecipient& recipient) {
  return to_bech32("age", recipient);
}

Result<std::vector<AgeIdentity>> parse_age_identities(std::string_view text) {
  return parse_lines<AgeIdentity>(
      text, "identity", [](std::string_view line, std::vector<AgeIdentity>& out) {
        auto decoded = from_bech32(line);
        Key secret;
        if (!decoded || decoded->prefix != "age-secret-key-" ||
            decoded->bytes.size() != secret.size() || !line.starts_with("AGE-SECRET-KEY-1")) {
          return false;
        }
        std::ranges::copy(decoded->bytes, secret.begin());
        wipe(decoded->bytes);
        out.emplace_back(secret);
        wipe(secret);
        return true;
      });
}

Result<std::vector<AgeRecipient>> parse_age_recipients(std::string_view text) {
  return parse_lines<AgeRecipient>(text, "recipient",
                                   [](std::string_view line, std::vector<AgeRecipient>& out) {
                                     const auto recipient = parse_age_recipient(line);
                                     if (recipient.ok()) out.push_back(*recipient);
                                     return recipient.ok();
                                   });
}

Result<AgeHeader> parse_age_header(std::string_view text) {
  text = text.substr(0, kAgeHeaderBytesMax);
  if (!text.starts_with(kVersionLine)) return malformed("it does not begin like one");
  AgeHeader header;
  std::size_t at = kVersionLine.size();
  for (;;) {
    const std::size_t start = at;
    const auto line = next_line(text, at);
    if (!line) return malformed("it ends in its header, or its header is too long");
    if (line->starts_with("-> ")) {
      CORTEX_ASSIGN(AgeStanza stanza, parse_stanza(*line, text, at));
      header.stanzas.push_back(std::move(stanza));
      continue;
    }
    const auto mac = line->starts_with("--- ") ? from_plain_base64(line->substr(4)) : std::nullopt;
    if (!mac || mac->size() != sizeof(Key)) return malformed("a line of its header is malformed");
    if (header.stanzas.empty()) return malformed("it has no recipient");
    header.mac = *mac;
    header.signed_part = text.substr(0, start + 3);
    header.size_bytes = at;
    return header;
  }
}

Status age_encrypt(std::span<const AgeRecipient> recipients, Random& random,
                   const AgeSource& source, const AgeSink& sink) {
  if (recipients.empty()) {
    return make_error(Code::kPrecondition, "there is no recipient to encrypt for",
                      "nothing was encrypted", "name at least one");
  }
  FileKey file_key;
  random.fill(file_key);
  std::string header(kVersionLine);
  for (const AgeRecipient& recipient : recipients) {
    CORTEX_ASSIGN(const std::string stanza, stanza_for(recipient, file_key, random));
    header += stanza;
  }
  header += "---";
  const std::string mac = header_mac(file_key, header);
  header +=
      cat(" ",
          to_plain_base64(std::span(reinterpret_cast<const std::uint8_t*>(mac.data()), mac.size())),
          "\n");
  std::array<std::uint8_t, kPayloadNonceBytes> nonce;
  random.fill(nonce);
  Key payload_key = hkdf(file_key, nonce, "payload");
  wipe(file_key);
  Aead aead(payload_key);
  wipe(payload_key);
  CORTEX_TRY(sink(header));
  CORTEX_TRY(sink(text_of(nonce)));
  Reader reader(source);
  std::string plain(kChunkBytes, '\0'), next(kChunkBytes, '\0');
  std::string sealed(kChunkBytes + kTagBytes, '\0');
  CORTEX_ASSIGN(std::size_t size, reader.read(plain));
  for (std::uint64_t counter = 0;; ++counter) {
    std::size_t next_size = 0;
    if (size == plain.size()) {
      CORTEX_ASSIGN(next_size, reader.read(next));
    }
    const bool is_last = next_size == 0;
    const std::span<char> out(sealed.data(), size + kTagBytes);
    aead.seal(chunk_nonce(counter, is_last), std::span(plain.data(), size), out);
    CORTEX_TRY(sink(std::string_view(out.data(), out.size())));
    if (is_last) return {};
    std::swap(plain, next);
    size = next_size;
  }
}

Status age_decrypt(std::span<const AgeIdentity> identities, const AgeSource& source,
                   const AgeSink& sink) {
  Reader reader(source);
  CORTEX_TRY(buffer_header(reader));
  CORTEX_ASSIGN(const AgeHeader header, parse_age_header(reader.buffer()));
  CORTEX_ASSIGN(FileKey file_key, find_file_key(identities, header));
  reader.buffer().erase(0, header.size_bytes);
  std::array<std::uint8_t, kPayloadNonceBytes> nonce;
  auto got = reader.read(std::span(reinterpret_cast<char*>(nonce.data()), nonce.size()));
  Key payload_key = hkdf(file_key, nonce, "payload");
  wipe(file_key);
  Aead aead(payload_key);
  wipe(payload_key);
  if (!got.ok()) return std::move(got).error();
  if (*got != nonce.size()) return malformed("it was cut off");
  return open_chunks(aead, reader, sink);
}

}  // namespace cortex::crypto
