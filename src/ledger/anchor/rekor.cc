#include "ledger/anchor/rekor.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>

#include "base/fixed_bytes.h"
#include "base/text.h"
#include "crypto/any_key.h"
#include "crypto/sha256.h"
#include "ledger/anchor/records.h"
#include "ledger/tlog/checkpoint.h"
#include "ledger/tlog/merkle.h"
#include "ledger/tlog/note.h"

namespace cortex::ledger {
namespace {

constexpr std::string_view kKind = "hashedrekord";
constexpr std::string_view kApiVersion = "0.0.1";
// As reference 0.1.2 writes it: kind and version in one text.
constexpr std::string_view kOldKind = "hashedrekord:0.0.1";
constexpr std::size_t kHashesMax = 64;

using Bytes = std::vector<std::uint8_t>;

std::string_view view_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const json::Value* at(const json::Value* value, std::initializer_list<std::string_view> path) {
  for (const std::string_view name : path) {
    if (value != nullptr) value = value->find(name);
  }
  return value;
}

const std::string* text_at(const json::Value* value, std::initializer_list<std::string_view> path) {
  const json::Value* found = at(value, path);
  return found == nullptr ? nullptr : found->as_string();
}

// Reads an entry's members; one that is missing or of another type makes it unreadable.
class EntryReader {
 public:
  explicit EntryReader(const json::Value& document) : document_(document) {}

  std::string text(std::initializer_list<std::string_view> path) {
    const std::string* found = text_at(&document_, path);
    readable_ = readable_ && found != nullptr;
    return found == nullptr ? "" : *found;
  }
  std::uint64_t count(std::initializer_list<std::string_view> path) {
    const json::Value* found = at(&document_, path);
    const json::Number* number = found == nullptr ? nullptr : found->as_number();
    const bool whole = number != nullptr && number->kind == json::Number::Kind::kUnsigned;
    readable_ = readable_ && whole;
    return whole ? number->u : 0;
  }
  std::vector<std::string> texts(std::initializer_list<std::string_view> path) {
    const json::Value* found = at(&document_, path);
    const json::Array* array = found == nullptr ? nullptr : found->as_array();
    readable_ = readable_ && array != nullptr && array->size() <= kHashesMax;
    std::vector<std::string> out;
    if (!readable_) return out;
    for (const json::Value& value : *array) {
      readable_ = readable_ && value.as_string() != nullptr;
      if (value.as_string() != nullptr) out.push_back(*value.as_string());
    }
    return out;
  }
  bool readable() const { return readable_; }

 private:
  const json::Value& document_;
  bool readable_ = true;
};

std::optional<RekorEntry> read_entry(const json::Value& receipt) {
  EntryReader reader(receipt);
  RekorEntry entry;
  entry.uuid = reader.text({"uuid"});
  entry.body = reader.text({"body"});
  entry.log_id = reader.text({"logID"});
  entry.log_index = reader.count({"logIndex"});
  entry.integrated_at = static_cast<std::int64_t>(reader.count({"integratedTime"}));
  entry.set = reader.text({"signedEntryTimestamp"});
  entry.proof_index = reader.count({"inclusionProof", "logIndex"});
  entry.tree_size = reader.count({"inclusionProof", "treeSize"});
  entry.root_hash = reader.text({"inclusionProof", "rootHash"});
  entry.hashes = reader.texts({"inclusionProof", "hashes"});
  if (const std::string* note = text_at(&receipt, {"inclusionProof", "checkpoint"})) {
    entry.checkpoint = *note;
  }
  if (!reader.readable() || entry.integrated_at < 0) return std::nullopt;
  return entry;
}

// A log is named by the hash of its key; receipts and roots write it in several ways.
bool names_same_log(std::string_view receipt_id, std::string_view key_id) {
  std::vector<Bytes> receipt_forms{Bytes(receipt_id.begin(), receipt_id.end())};
  std::vector<Bytes> root_forms{Bytes(key_id.begin(), key_id.end())};
  if (auto hex = from_hex(receipt_id)) receipt_forms.push_back(*std::move(hex));
  for (const auto decode : {from_base64, from_base64url}) {
    if (auto bytes = decode(receipt_id)) receipt_forms.push_back(*std::move(bytes));
    if (auto bytes = decode(key_id)) root_forms.push_back(*std::move(bytes));
  }
  return !receipt_id.empty() &&
         std::ranges::find_first_of(receipt_forms, root_forms) != receipt_forms.end();
}

enum class Scheme : std::uint8_t { kP256, kEd25519 };

// Nothing for keys that cannot be used here.
std::optional<Scheme> scheme_of(const TransparencyLog& log) {
  if (log.key_details.find("ECDSA_P256") != std::string::npos) return Scheme::kP256;
  if (log.key_details.find("ED25519") != std::string::npos) return Scheme::kEd25519;
  return std::nullopt;
}

// SubjectPublicKeyInfo of an Ed25519 key, up to its 32 bytes (RFC 8410).
constexpr std::uint8_t kEd25519Spki[] = {0x30, 0x2A, 0x30, 0x05, 0x06, 0x03,
                                         0x2B, 0x65, 0x70, 0x03, 0x21, 0x00};

const TransparencyLog* find_log(const TrustedRoot& root, std::string_view log_id) {
  for (const TransparencyLog& log : root.logs) {
    if (scheme_of(log) && names_same_log(log_id, log.key_id)) return &log;
  }
  return nullptr;
}

// The key of a log, of either scheme. Pure.
class LogKey {
 public:
  static Result<LogKey> of(const TransparencyLog& log) {
    const Bytes der = from_base64(log.raw_key).value_or(Bytes{});
    if (scheme_of(log) == Scheme::kP256) {
      CORTEX_ASSIGN(crypto::P256PublicKey key, crypto::P256PublicKey::from_spki(der));
      return LogKey(std::move(key));
    }
    constexpr std::size_t kBegin = std::size(kEd25519Spki);
    const std::span<const std::uint8_t> bytes(der);
    std::optional<crypto::PublicKey> key;
    if (bytes.size() > kBegin && std::ranges::equal(bytes.first(kBegin), kEd25519Spki)) {
      key = fixed_bytes<crypto::PublicKey>(bytes.subspan(kBegin));
    }
    if (!key) return make_error(Code::kPrecondition, "the key is no Ed25519 key");
    CORTEX_TRY(crypto::check_public_key(*key));
    return LogKey(*key);
  }

  // `signature`: DER for P-256, 64 bytes for Ed25519.
  bool verify(std::string_view text, const Bytes& signature) const {
    return crypto::verify_any(key_, text, signature);
  }
  // What a signature line of a note calls the key: of the key alone, or of its name too.
  std::uint32_t note_id(std::string_view name) const {
    if (const auto* ed25519 = std::get_if<crypto::PublicKey>(&key_)) {
      return note_key_id(name, *ed25519);
    }
    const auto hash = crypto::sha256(view_of(std::get<crypto::P256PublicKey>(key_).spki()));
    return static_cast<std::uint32_t>(hash[0]) << 24U | static_cast<std::uint32_t>(hash[1]) << 16U |
           static_cast<std::uint32_t>(hash[2]) << 8U | hash[3];
  }

 private:
  explicit LogKey(crypto::AnyPublicKey key) : key_(std::move(key)) {}

  crypto::AnyPublicKey key_;
};

struct Log {
  const TransparencyLog& facts;
  LogKey key;
};

Result<Log> log_of(const RekorEntry& entry, const TrustedRoot& root) {
  const TransparencyLog* log = find_log(root, entry.log_id);
  if (log == nullptr) {
    return evidence_refused(kRekorNoLogToken,
                            cat("no log of the trusted root has the id ", quoted(entry.log_id)));
  }
  auto key = LogKey::of(*log);
  if (!key.ok()) {
    return evidence_refused(kRekorNoLogToken,
                            cat("the trusted root holds no usable key of ", quoted(log->base_url),
                                ": ", key.error().message));
  }
  return Log{*log, std::move(key).value()};
}

Status check_promise(const RekorEntry& entry, const Log& log) {
  const json::Object promised{{"body", entry.body},
                              {"integratedTime", entry.integrated_at},
                              {"logID", entry.log_id},
                              {"logIndex", entry.log_index}};
  const auto signature = from_base64(entry.set);
  if (!signature || !log.key.verify(json::write_compact(promised), *signature)) {
    return evidence_refused(kRekorSetToken, cat("the log ", quoted(log.facts.base_url),
                                                " did not sign the timestamp of the entry"));
  }
  const std::int64_t then = entry.integrated_at;
  if (then < log.facts.valid_from.seconds ||
      (log.facts.valid_to && then > log.facts.valid_to->seconds)) {
    return evidence_refused(kRekorWindowToken,
                            cat("the key of the log ", quoted(log.facts.base_url),
                                " was not valid when it signed the entry"));
  }
  return {};
}

// The key of the entry is known to nobody: it only shows that the entry is whole.
Status check_entry_signature(const json::Value& body, std::string_view digest_hex) {
  const std::string* signature = text_at(&body, {"spec", "signature", "content"});
  const std::string* key = text_at(&body, {"spec", "signature", "publicKey", "content"});
  const auto signature_der = signature == nullptr ? std::nullopt : from_base64(*signature);
  const auto pem = key == nullptr ? std::nullopt : from_base64(*key);
  const auto digest = from_hex(digest_hex);
  if (signature_der && pem && digest) {
    const auto public_key = crypto::P256PublicKey::from_pem(view_of(*pem));
    if (public_key.ok() && public_key->verify_digest(*digest, *signature_der)) return {};
  }
  return evidence_refused(kRekorEntrySignatureToken,
                          "the entry is not signed by the key that it names");
}

// Written by reference 0.1.2: SHA-256 of the entry, then of the two halves, left by the index.
bool old_inclusion_holds(std::string_view body, std::uint64_t index, std::uint64_t size,
                         const std::vector<TreeHash>& hashes, const TreeHash& root) {
  if (index >= size) return false;
  TreeHash hash = crypto::sha256(body);
  for (const TreeHash& sibling : hashes) {
    crypto::Sha256 hasher;
    const TreeHash& left = index % 2 == 0 ? hash : sibling;
    const TreeHash& right = index % 2 == 0 ? sibling : hash;
    hasher.update({reinterpret_cast<const char*>(left.data()), left.size()});
    hasher.update({reinterpret_cast<const char*>(right.data()), right.size()});
    hash = hasher.finish();
    index /= 2;
  }
  return hash == root;
}

Status check_inclusion(const RekorEntry& entry, std::string_view body, bool old_shape) {
  const auto root = fixed_bytes<TreeHash>(from_hex(entry.root_hash));
  std::vector<TreeHash> hashes;
  bool readable = root.has_value();
  for (const std::string& hex : entry.hashes) {
    const auto hash = fixed_bytes<TreeHash>(from_hex(hex));
    readable = readable && hash.has_value();
    hashes.push_back(hash.value_or(TreeHash{}));
  }
  const bool holds =
      readable &&
      (old_shape
           ? old_inclusion_holds(body, entry.proof_index, entry.tree_size, hashes, *root)
           : inclusion_holds(leaf_hash(body), entry.proof_index, entry.tree_size, hashes, *root));
  if (!holds) {
    return evidence_refused(kRekorInclusionToken,
                            "the inclusion proof does not lead from the entry to the "
                            "root of the log");
  }
  // The name of an entry ends in its leaf's hash.
  if (!old_shape && !entry.uuid.ends_with(to_hex(leaf_hash(body)))) {
    return evidence_refused(kRekorOtherEntryToken,
                            "the uuid of the receipt is that of another entry");
  }
  return {};
}

// The root of the proof is one that the log signed. Logs of old gave no checkpoint.
Status check_checkpoint(const RekorEntry& entry, const Log& log) {
  if (!entry.checkpoint) return {};
  const auto parsed = parse_checkpoint(*entry.checkpoint);
  if (!parsed.ok()) return evidence_refused(kRekorCheckpointToken, parsed.error().message);
  const Checkpoint& checkpoint = parsed->checkpoint;
  if (checkpoint.size != entry.tree_size || to_hex(checkpoint.root) != entry.root_hash) {
    return evidence_refused(kRekorCheckpointToken,
                            "the checkpoint is of another tree than the proof");
  }
  for (const NoteSignature& line : parsed->note.signatures) {
    const Bytes signature(line.bytes.begin(), line.bytes.end());
    if (line.key_id == log.key.note_id(line.name) && log.key.verify(parsed->note.text, signature))
      return {};
  }
  return evidence_refused(kRekorCheckpointToken, cat("the log ", quoted(log.facts.base_url),
                                                     " did not sign the checkpoint"));
}

struct Body {
  Bytes bytes;
  json::Value document;
  bool old_shape = false;
};

Result<Body> read_body(const RekorEntry& entry) {
  auto bytes = from_base64(entry.body);
  if (!bytes) return evidence_refused(kRekorVerifyToken, "the body of the entry is no base64");
  auto document = json::parse(view_of(*bytes));
  if (!document.ok())
    return evidence_refused(kRekorVerifyToken, "the body of the entry is no JSON");
  Body body{*std::move(bytes), std::move(document).value(), false};
  const std::string* kind = text_at(&body.document, {"kind"});
  const std::string* version = text_at(&body.document, {"apiVersion"});
  body.old_shape = kind != nullptr && *kind == kOldKind;
  if (body.old_shape ||
      (kind != nullptr && *kind == kKind && version != nullptr && *version == kApiVersion)) {
    return body;
  }
  return evidence_refused(kRekorVerifyToken, "the entry is no hashedrekord of version 0.0.1");
}

Status check_digest(const json::Value& body, std::string_view digest) {
  const std::string* algorithm = text_at(&body, {"spec", "data", "hash", "algorithm"});
  const std::string* value = text_at(&body, {"spec", "data", "hash", "value"});
  if (algorithm != nullptr && *algorithm == "sha256" && value != nullptr && *value == digest) {
    return {};
  }
  return evidence_refused(kRekorOtherEntryToken,
                          "the entry is about another text than this anchor");
}

}  // namespace

bool has_rekor_entry(const Receipt& receipt) {
  return receipt.sink == Sink::kRekor &&
         std::ranges::all_of(
             std::array{"body", "inclusionProof", "signedEntryTimestamp"},
             [&](const char* name) { return receipt.receipt.find(name) != nullptr; });
}

Result<std::string> rekor_proposal(std::string_view anchor_text) {
  CORTEX_ASSIGN(const auto key, crypto::P256SigningKey::generate());
  CORTEX_ASSIGN(const auto signature, key.sign(anchor_text));
  const std::string pem = key.public_key_pem();
  const auto* pem_bytes = reinterpret_cast<const std::uint8_t*>(pem.data());
  json::Object proposal{
      {"apiVersion", kApiVersion},
      {"kind", kKind},
      {"spec",
       json::Object{
           {"data",
            json::Object{{"hash", json::Object{{"algorithm", "sha256"},
                                               {"value", crypto::sha256_hex(anchor_text)}}}}},
           {"signature",
            json::Object{
                {"content", to_base64(signature)},
                {"publicKey", json::Object{{"content", to_base64({pem_bytes, pem.size()})}}}}}}}};
  return json::write_compact(std::move(proposal));
}

Error rekor_submit_failed(std::string message) {
  return with_token(make_error(Code::kPrecondition, std::move(message)), kRekorSubmitToken);
}

Result<json::Object> rekor_receipt(std::string_view answer) {
  const auto document = json::parse(answer);
  if (!document.ok() || document->as_object() == nullptr || document->as_object()->empty()) {
    return rekor_submit_failed("the log did not answer with an entry");
  }
  const auto& [uuid, entry] = *document->as_object()->begin();
  json::Object receipt{{"uuid", uuid}};
  for (const char* name : {"body", "integratedTime", "logID", "logIndex"}) {
    if (const json::Value* member = entry.find(name)) receipt.add(name, *member);
  }
  for (const char* name : {"inclusionProof", "signedEntryTimestamp"}) {
    if (const json::Value* member = at(&entry, {"verification", name})) receipt.add(name, *member);
  }
  receipt.sort();
  if (!read_entry(receipt)) {
    return rekor_submit_failed("the entry in the log's answer is not complete");
  }
  return receipt;
}

Result<RekorEntry> verify_rekor(const Receipt& receipt, const TrustedRoot& root) {
  auto entry = read_entry(receipt.receipt);
  if (!entry)
    return evidence_refused(kRekorVerifyToken, "the receipt holds no complete entry of a log");
  CORTEX_ASSIGN(const Body body, read_body(*entry));
  CORTEX_ASSIGN(const Log log, log_of(*entry, root));
  CORTEX_TRY(check_promise(*entry, log));
  CORTEX_TRY(check_digest(body.document, receipt.anchor_text_sha256));
  if (!body.old_shape) {
    CORTEX_TRY(check_entry_signature(body.document, receipt.anchor_text_sha256));
  }
  CORTEX_TRY(check_inclusion(*entry, view_of(body.bytes), body.old_shape));
  CORTEX_TRY(check_checkpoint(*entry, log));
  return *std::move(entry);
}

}  // namespace cortex::ledger
