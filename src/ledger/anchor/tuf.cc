#include "ledger/anchor/tuf.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/fixed_bytes.h"
#include "base/text.h"
#include "crypto/sha256.h"

namespace cortex::ledger {
namespace {

constexpr std::array<std::string_view, 4> kRoles = {"root", "timestamp", "snapshot", "targets"};

Error refused(std::string message) {
  return with_token(make_error(Code::kPrecondition, std::move(message)), kTufToken);
}

Status append_canonical(const json::Value& value, std::string& out);

void append_text(std::string_view text, std::string& out) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

Status append_object(const json::Object& object, std::string& out) {
  std::vector<const json::Member*> members;
  for (const json::Member& member : object) members.push_back(&member);
  std::ranges::sort(members, {}, [](const json::Member* one) { return one->first; });
  out.push_back('{');
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out.push_back(',');
    append_text(members[i]->first, out);
    out.push_back(':');
    CORTEX_TRY(append_canonical(members[i]->second, out));
  }
  out.push_back('}');
  return {};
}

Status append_canonical(const json::Value& value, std::string& out) {
  if (const std::string* text = value.as_string()) {
    append_text(*text, out);
  } else if (const json::Object* object = value.as_object()) {
    return append_object(*object, out);
  } else if (const json::Array* array = value.as_array()) {
    out.push_back('[');
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out.push_back(',');
      CORTEX_TRY(append_canonical((*array)[i], out));
    }
    out.push_back(']');
  } else {
    const std::string plain = json::canonical(value);  // null, a switch, or a whole number
    if (plain.find_first_of(".e") != std::string::npos && value.as_number() != nullptr) {
      return refused("the metadata hold a fraction");
    }
    out += plain;
  }
  return {};
}

std::optional<crypto::AnyPublicKey> read_key(const json::Value& value) {
  const std::string* type = value.find_text("keytype");
  const json::Value* keyval = value.find("keyval");
  const std::string* text = keyval == nullptr ? nullptr : keyval->find_text("public");
  if (type == nullptr || text == nullptr) return std::nullopt;
  if (*type == "ed25519") {
    const auto key = fixed_bytes<crypto::PublicKey>(from_hex(*text));
    if (!key || !crypto::check_public_key(*key).ok()) return std::nullopt;
    return *key;
  }
  if (type->starts_with("ecdsa")) {
    auto key = crypto::P256PublicKey::from_pem(*text);
    if (key.ok()) return std::move(key).value();
  }
  return std::nullopt;
}

std::string bytes_of(const crypto::AnyPublicKey& key) {
  if (const auto* p256 = std::get_if<crypto::P256PublicKey>(&key)) return to_hex(p256->spki());
  return to_hex(std::get<crypto::PublicKey>(key));
}

struct Document {
  json::Value signed_part;
  std::string message;  // canonical form of it
  std::vector<std::pair<std::string, std::vector<std::uint8_t>>> signatures;  // by key id
};

Result<Document> parse_document(std::string_view text, std::string_view type) {
  const auto parsed = json::parse(text);
  if (!parsed.ok()) return refused(cat("the ", type, " metadata are no JSON"));
  const json::Value* signed_part = parsed->find("signed");
  const json::Value* signatures = parsed->find("signatures");
  const std::string* found = signed_part == nullptr ? nullptr : signed_part->find_text("_type");
  if (found == nullptr || *found != type || signatures == nullptr ||
      signatures->as_array() == nullptr) {
    return refused(cat("these are no ", type, " metadata"));
  }
  Document out{*signed_part, {}, {}};
  CORTEX_ASSIGN(out.message, tuf_canonical(*signed_part));
  for (const json::Value& one : *signatures->as_array()) {
    const std::string* key_id = one.find_text("keyid");
    const std::string* hex = one.find_text("sig");
    const auto bytes = hex == nullptr ? std::nullopt : from_hex(*hex);
    if (key_id != nullptr && bytes) out.signatures.emplace_back(*key_id, *bytes);
  }
  return out;
}

Result<std::uint64_t> version_of(const json::Value& signed_part) {
  const auto version = signed_part.find_unsigned("version");
  if (version && *version > 0) return *version;
  return refused("the metadata have no version");
}

Result<Timestamp> expiry_of(const json::Value& signed_part) {
  const std::string* text = signed_part.find_text("expires");
  const auto time = text == nullptr ? std::nullopt : parse_strict_rfc3339(*text);
  if (time) return *time;
  return refused("the metadata do not say when they expire");
}

Status check_threshold(const TufRoot& root, const std::string& role, const Document& document) {
  const TufRole& wanted = root.roles.at(role);
  std::set<std::string> signers;
  for (const auto& [key_id, signature] : document.signatures) {
    const auto key = root.keys.find(key_id);
    if (!wanted.key_ids.contains(key_id) || key == root.keys.end()) continue;
    if (!crypto::verify_any(key->second, document.message, signature)) continue;
    signers.insert(bytes_of(key->second));
  }
  if (signers.size() >= wanted.threshold) return {};
  return refused(cat("the ", role, " metadata are signed by ", signers.size(), " of the ",
                     wanted.threshold, " keys that root ", root.version, " asks for"));
}

Result<TufRole> read_role(const json::Value& roles, std::string_view name) {
  const json::Value* role = roles.find(name);
  const json::Value* ids = role == nullptr ? nullptr : role->find("keyids");
  const auto threshold = role == nullptr ? std::nullopt : role->find_unsigned("threshold");
  if (ids == nullptr || ids->as_array() == nullptr || !threshold || *threshold == 0) {
    return refused(cat("the root has no usable role ", name));
  }
  TufRole out{{}, *threshold};
  for (const json::Value& id : *ids->as_array()) {
    if (id.as_string() != nullptr) out.key_ids.insert(*id.as_string());
  }
  return out;
}

Result<TufRoot> read_root(const Document& document, std::string_view text) {
  const json::Value& from = document.signed_part;
  TufRoot root;
  root.text = text;
  CORTEX_ASSIGN(root.version, version_of(from));
  CORTEX_ASSIGN(root.expires, expiry_of(from));
  const json::Value* consistent = from.find("consistent_snapshot");
  root.consistent_snapshot =
      consistent != nullptr && consistent->as_bool() != nullptr && *consistent->as_bool();
  const json::Value* keys = from.find("keys");
  const json::Value* roles = from.find("roles");
  if (keys == nullptr || keys->as_object() == nullptr || roles == nullptr) {
    return refused("the root names no keys or no roles");
  }
  for (const auto& [id, value] : *keys->as_object()) {
    if (auto key = read_key(value)) root.keys.emplace(id, *std::move(key));
  }
  for (const std::string_view name : kRoles) {
    CORTEX_ASSIGN(root.roles[std::string(name)], read_role(*roles, name));
  }
  return root;
}

TufFile read_file(const json::Value& value) {
  TufFile out;
  out.version = value.find_unsigned("version").value_or(0);
  out.length = value.find_unsigned("length");
  const json::Value* hashes = value.find("hashes");
  const std::string* sha256 = hashes == nullptr ? nullptr : hashes->find_text("sha256");
  if (sha256 != nullptr) out.sha256 = *sha256;
  return out;
}

}  // namespace

Result<std::string> tuf_canonical(const json::Value& value) {
  std::string out;
  CORTEX_TRY(append_canonical(value, out));
  return out;
}

Result<TufRoot> parse_tuf_root(std::string_view text) {
  CORTEX_ASSIGN(const Document document, parse_document(text, "root"));
  CORTEX_ASSIGN(TufRoot root, read_root(document, text));
  CORTEX_TRY(check_threshold(root, "root", document));
  return root;
}

Result<TufRoot> next_tuf_root(const TufRoot& trusted, std::string_view text) {
  CORTEX_ASSIGN(const Document document, parse_document(text, "root"));
  CORTEX_TRY(check_threshold(trusted, "root", document));
  CORTEX_ASSIGN(TufRoot root, read_root(document, text));
  CORTEX_TRY(check_threshold(root, "root", document));
  if (root.version == trusted.version + 1) return root;
  return refused(cat("root ", trusted.version, " is followed by version ", root.version));
}

Status check_tuf_root_age(const TufRoot& root, Timestamp now) {
  if (now < root.expires) return {};
  return refused(
      cat("root ", root.version, " expired at ", format_rfc3339(root.expires, Offset::kZ)));
}

Result<TufMetadata> parse_tuf_metadata(const TufRoot& root, std::string_view role,
                                       std::string_view text, Timestamp now,
                                       std::uint64_t version_min) {
  const std::string name(role);
  CORTEX_ASSIGN(const Document document, parse_document(text, role));
  CORTEX_TRY(check_threshold(root, name, document));
  TufMetadata out;
  CORTEX_ASSIGN(out.version, version_of(document.signed_part));
  CORTEX_ASSIGN(const Timestamp expires, expiry_of(document.signed_part));
  if (now >= expires) {
    return refused(cat("the ", role, " metadata expired at ", format_rfc3339(expires, Offset::kZ)));
  }
  if (out.version < version_min) {
    return refused(
        cat("the ", role, " metadata go back from version ", version_min, " to ", out.version));
  }
  const json::Value* files = document.signed_part.find(role == "targets" ? "targets" : "meta");
  if (files == nullptr || files->as_object() == nullptr) {
    return refused(cat("the ", role, " metadata name no files"));
  }
  for (const auto& [file, value] : *files->as_object()) out.files.emplace(file, read_file(value));
  return out;
}

Status check_tuf_file(const TufFile& file, std::string_view name, std::string_view bytes) {
  if (file.length && *file.length != bytes.size()) {
    return refused(cat(name, " has ", bytes.size(), " bytes, ", *file.length, " were announced"));
  }
  if (file.sha256 && *file.sha256 != crypto::sha256_hex(bytes)) {
    return refused(cat(name, " has another digest than was announced"));
  }
  return {};
}

}  // namespace cortex::ledger
