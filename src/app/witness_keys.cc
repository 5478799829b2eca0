#include "app/witness_keys.h"

#include "app/toml_library.h"

#include <optional>
#include <utility>

#include "app/audit_against.h"
#include "base/text.h"

namespace cortex::app {
namespace {

Error malformed(std::string_view why) {
  return make_error(Code::kPrecondition, std::string(why), "nothing was changed",
                    "correct the registry");
}

Status read_classes(const toml::table& table, trust::RegisteredKey& key) {
  const toml::node* classes = table.get("classes");
  if (classes == nullptr) return {};
  if (!classes->is_array()) return malformed("`classes` is no array");
  for (const toml::node& node : *classes->as_array()) {
    const auto token = node.value<std::string_view>();
    const auto known = token ? trust::parse_witness_class(*token) : std::nullopt;
    if (!known) return malformed("`classes` names a class of witnesses that there is not");
    key.classes.push_back(*known);
  }
  return {};
}

Result<trust::RegisteredKey> read_key(const toml::node& node) {
  const toml::table* table = node.as_table();
  const auto text = [&](std::string_view name) -> std::optional<std::string> {
    return table == nullptr ? std::nullopt : (*table)[name].value<std::string>();
  };
  const auto id = text("key_id"), algorithm = text("algorithm"), hex = text("key_bytes_hex");
  if (!id || !hex || !algorithm || (*algorithm != "ed25519" && *algorithm != "ecdsa_p256")) {
    return malformed("a key needs key_id, algorithm (ed25519 or ecdsa_p256) and key_bytes_hex");
  }
  trust::RegisteredKey key;
  key.key_id = *id;
  key.kind = *algorithm == "ed25519" ? trust::SignatureKind::kEd25519 : trust::SignatureKind::kP256;
  if (auto bytes = from_hex(to_lower_ascii(*hex))) key.key = *std::move(bytes);
  CORTEX_TRY(read_classes(*table, key));
  if (const auto tier = text("tier")) {
    key.tier = trust::parse_witness_tier(*tier);
    if (!key.tier) return malformed("`tier` is not local, operator_owned or third_party");
  }
  return key;
}

}  // namespace

Result<std::vector<trust::RegisteredKey>> parse_witness_keys(std::string_view toml_text) {
  const toml::parse_result parsed = toml::parse(toml_text);
  if (!parsed) return malformed(printable(parsed.error().description()));
  const toml::array* rows = parsed.table().get_as<toml::array>("keys");
  if (rows == nullptr) return malformed("it has no keys");
  std::vector<trust::RegisteredKey> keys;
  for (const toml::node& node : *rows) {
    CORTEX_ASSIGN(trust::RegisteredKey key, read_key(node));
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<std::vector<trust::RegisteredKey>> read_witness_keys(Services& services,
                                                            const std::string& path) {
  CORTEX_ASSIGN(const std::string text, read_evidence(services, path));
  auto keys = parse_witness_keys(text);
  if (keys.ok()) return keys;
  return with_context(std::move(keys).error(), cat("the witness key registry ", quoted(path)));
}

}  // namespace cortex::app
