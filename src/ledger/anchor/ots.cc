#include "ledger/anchor/ots.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "crypto/old_digest.h"
#include "crypto/sha256.h"

namespace cortex::ledger {
namespace {

constexpr std::string_view kMagic(
    "\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94", 31);
constexpr std::string_view kBitcoinTag("\x05\x88\x96\x0d\x73\xd7\x19\x01", 8);
constexpr std::string_view kPendingTag("\x83\xdf\xe3\x0d\x2e\xf9\x0c\x8e", 8);
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kDepthMax = 256;
constexpr std::size_t kMessageBytesMax = 4096;
constexpr std::size_t kAttestationBytesMax = 8192;
constexpr std::size_t kUriBytesMax = 1000;

enum Tag : std::uint8_t {
  kAttestation = 0x00,
  kFork = 0xFF,
  kAppend = 0xF0,
  kPrepend = 0xF1,
  kReverse = 0xF2,
  kHexlify = 0xF3,
};

std::size_t digest_size(OtsDigest type) { return type == OtsDigest::kSha256 ? 32 : 20; }

template <class Bytes>
std::string digest_text(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The message that a step without operand makes; nullopt for an unknown step.
std::optional<std::string> unary(std::uint8_t tag, const std::string& message) {
  switch (tag) {
    case static_cast<std::uint8_t>(OtsDigest::kSha1):
      return digest_text(crypto::sha1(message));
    case static_cast<std::uint8_t>(OtsDigest::kRipemd160):
      return digest_text(crypto::ripemd160(message));
    case static_cast<std::uint8_t>(OtsDigest::kSha256):
      return digest_text(crypto::sha256(message));
    case kReverse:
      return std::string(message.rbegin(), message.rend());
    case kHexlify: {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(message.data());
      return to_hex({bytes, message.size()});
    }
    default:
      return std::nullopt;
  }
}

bool is_uri(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._/:-").find(c) != std::string_view::npos;
  });
}

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<char>((value & 0x7FU) | 0x80U));
  out.push_back(static_cast<char>(value));
}

// Reads a proof into `proof`; the first failure stays.
class Parser {
 public:
  Parser(std::string_view bytes, OtsProof& proof) : bytes_(bytes), proof_(proof) {}

  bool check_size() { return bytes_.size() <= kOtsProofBytesMax || fail("it is too long"); }

  bool read_header() {
    std::uint64_t version = 0;
    std::uint8_t type = 0;
    if (take(kMagic.size()) != kMagic) return fail("it does not begin like a proof file");
    if (!read_varint(version)) return false;
    if (version != kVersion) return fail("its version is not 1");
    if (!read_byte(type)) return false;
    proof_.digest_type = static_cast<OtsDigest>(type);
    if (type != 0x02 && type != 0x03 && type != 0x08) return fail("its digest type is unknown");
    const std::string_view digest = take(digest_size(proof_.digest_type));
    if (digest.empty()) return fail("it ends inside the digest");
    proof_.nodes.push_back({std::string(digest), 0, ""});
    return true;
  }
  bool read_tree(std::size_t node, std::size_t depth) {
    std::uint8_t tag = kFork;
    while (tag == kFork) {
      if (!read_byte(tag)) return false;
      const bool forked = tag == kFork;
      if (forked && !read_byte(tag)) return false;
      if (tag == kFork) return fail("a fork has no branch");
      if (!read_item(tag, node, depth)) return false;
      if (forked) tag = kFork;
    }
    return true;
  }
  bool read_end() { return position_ == bytes_.size() || fail("bytes stand behind its end"); }
  Error error() && { return *std::move(error_); }

 private:
  bool read_item(std::uint8_t tag, std::size_t node, std::size_t depth) {
    if (tag == kAttestation) return read_attestation(node);
    if (depth == kDepthMax) return fail("it has more than 256 steps in a row");
    const std::size_t begin = position_ - 1;
    // By value: the vector grows below.
    const std::string message = proof_.nodes[node].message;
    std::string next;
    if (tag == kAppend || tag == kPrepend) {
      std::uint64_t size = 0;
      if (!read_varint(size)) return false;
      if (size == 0 || size > kMessageBytesMax) return fail("an operand is empty or too long");
      const std::string_view operand = take(size);
      if (operand.empty()) return fail("it ends inside an operand");
      next = tag == kAppend ? cat(message, operand) : cat(operand, message);
    } else if (auto made = unary(tag, message)) {
      next = *std::move(made);
    } else {
      return fail("it has an unknown step");
    }
    if (next.size() > kMessageBytesMax) return fail("a message grows too long");
    if (proof_.nodes.size() == kOtsNodesMax) return fail("it has too many steps");
    proof_.nodes.push_back(
        {std::move(next), node, std::string(bytes_.substr(begin, position_ - begin))});
    return read_tree(proof_.nodes.size() - 1, depth + 1);
  }

  bool read_attestation(std::size_t node) {
    const std::string_view tag = take(kBitcoinTag.size());
    std::uint64_t size = 0;
    if (tag.empty() || !read_varint(size)) return fail("it ends inside an attestation");
    if (size > kAttestationBytesMax || size > bytes_.size() - position_) {
      return fail("an attestation is too long");
    }
    const std::size_t end = position_ + size;
    OtsAttestation attestation;
    attestation.node = node;
    if (tag == kBitcoinTag) {
      attestation.kind = OtsAttestation::Kind::kBitcoin;
      if (!read_varint(attestation.height)) return false;
    } else if (tag == kPendingTag) {
      std::uint64_t uri_size = 0;
      if (!read_varint(uri_size)) return false;
      if (uri_size > kUriBytesMax) return fail("the address of a calendar is too long");
      attestation.uri = take(uri_size);
      if (attestation.uri.size() != uri_size || !is_uri(attestation.uri)) {
        return fail("the address of a calendar has characters that none has");
      }
    } else {
      fail("it holds an attestation that is neither Bitcoin's nor a calendar's promise");
      error_->code = Code::kIntegrity;
      error_->token = kOtsUnknownTagToken;
      return false;
    }
    if (position_ != end) return fail("an attestation is not as long as it says");
    if (proof_.attestations.size() == kOtsAttestationsMax) {
      return fail("it has too many attestations");
    }
    proof_.attestations.push_back(std::move(attestation));
    return true;
  }

  // Empty when fewer bytes are left.
  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size() - position_) return {};
    position_ += size;
    return bytes_.substr(position_ - size, size);
  }
  bool read_byte(std::uint8_t& out) {
    const std::string_view byte = take(1);
    if (byte.empty()) return fail("it ends too early");
    out = static_cast<std::uint8_t>(byte.front());
    return true;
  }
  bool read_varint(std::uint64_t& out) {
    out = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
      std::uint8_t byte = 0;
      if (!read_byte(byte)) return false;
      out |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) return true;
    }
    return fail("a number is too large");
  }
  bool fail(std::string_view why) {
    if (error_) return false;
    error_ = make_error(Code::kPrecondition, cat("the timestamp proof cannot be read: ", why,
                                                 " (byte ", position_, ")"));
    error_->token = kOtsMalformedToken;
    return false;
  }

  std::string_view bytes_;
  OtsProof& proof_;
  std::size_t position_ = 0;
  std::optional<Error> error_;
};

void write_attestation(std::string& out, const OtsAttestation& attestation) {
  std::string data;
  if (attestation.kind == OtsAttestation::Kind::kBitcoin) {
    append_varint(data, attestation.height);
  } else {
    append_varint(data, attestation.uri.size());
    data += attestation.uri;
  }
  out.push_back(static_cast<char>(kAttestation));
  out += attestation.kind == OtsAttestation::Kind::kBitcoin ? kBitcoinTag : kPendingTag;
  append_varint(out, data.size());
  out += data;
}

// Depth is bounded by the parser and by join_timestamp.
void write_node(std::string& out, const OtsProof& proof, std::size_t node) {
  std::vector<std::string> items;
  for (const OtsAttestation& attestation : proof.attestations) {
    if (attestation.node == node) write_attestation(items.emplace_back(), attestation);
  }
  for (std::size_t child = node + 1; child < proof.nodes.size(); ++child) {
    if (proof.nodes[child].parent != node) continue;
    std::string& item = items.emplace_back(proof.nodes[child].step);
    write_node(item, proof, child);
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i + 1 < items.size()) out.push_back(static_cast<char>(kFork));
    out += items[i];
  }
}

std::size_t depth_of(const OtsProof& proof, std::size_t node) {
  std::size_t depth = 0;
  for (; node != 0; node = proof.nodes[node].parent) ++depth;
  return depth;
}

}  // namespace

bool OtsProof::descends(std::size_t node, std::size_t ancestor) const {
  while (node > ancestor) node = nodes[node].parent;
  return node == ancestor;
}

Result<OtsProof> parse_ots(std::string_view bytes) {
  OtsProof proof;
  Parser parser(bytes, proof);
  if (!parser.check_size() || !parser.read_header() || !parser.read_tree(0, 0) ||
      !parser.read_end()) {
    return std::move(parser).error();
  }
  return proof;
}

std::string wrap_timestamp(std::string_view digest, std::string_view timestamp) {
  return cat(kMagic, static_cast<char>(kVersion), static_cast<char>(OtsDigest::kSha256), digest,
             timestamp);
}

Status join_timestamp(OtsProof& proof, std::size_t node, std::string_view timestamp) {
  OtsProof joined = proof;
  Parser parser(timestamp, joined);
  if (!parser.check_size() || !parser.read_tree(node, depth_of(proof, node)) ||
      !parser.read_end()) {
    return std::move(parser).error();
  }
  // What was known before is not written twice.
  std::vector<OtsAttestation> once;
  for (OtsAttestation& attestation : joined.attestations) {
    if (std::ranges::find(once, attestation) == once.end()) once.push_back(std::move(attestation));
  }
  joined.attestations = std::move(once);
  proof = std::move(joined);
  return {};
}

std::string write_ots(const OtsProof& proof) {
  std::string out(kMagic);
  append_varint(out, kVersion);
  out.push_back(static_cast<char>(proof.digest_type));
  out += proof.digest();
  write_node(out, proof, 0);
  return out;
}

}  // namespace cortex::ledger
