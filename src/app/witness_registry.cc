// `audit verify --witness-key-registry TOML`: the registry must be readable before anything else is
// looked at. Its keys take no part in the checks of this command.
#include "app/toml_library.h"

#include <array>
#include <utility>

#include "app/audit_against.h"
#include "base/text.h"

namespace cortex::app {
namespace {

constexpr std::array kAlgorithms = {"ed25519", "ecdsa_p256"};

Error malformed(const std::string& path, std::string_view why) {
  Error error =
      make_error(Code::kPrecondition, cat("the witness key registry ", quoted(path), ": ", why));
  error.token = "audit.verify.witness_key_registry.malformed";
  error.unchanged = "nothing was changed";
  return error;
}

bool is_key(const toml::node& node) {
  const toml::table* key = node.as_table();
  if (key == nullptr || !key->get_as<std::string>("key_id") ||
      !key->get_as<std::string>("key_bytes_hex") || !key->get_as<std::string>("algorithm")) {
    return false;
  }
  const std::string& algorithm = **key->get_as<std::string>("algorithm");
  return algorithm == kAlgorithms[0] || algorithm == kAlgorithms[1];
}

Status check_registry(const std::string& path, const std::string& text) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) return malformed(path, parsed.error().description());
  const toml::array* keys = parsed.table().get_as<toml::array>("keys");
  if (keys == nullptr) return malformed(path, "it has no keys");
  for (const toml::node& node : *keys) {
    if (is_key(node)) continue;
    return malformed(path,
                     "a key needs key_id, algorithm (ed25519 or ecdsa_p256) and key_bytes_hex");
  }
  return {};
}

}  // namespace

Result<std::optional<Section>> registry_section(Services& services, const VerifyRequest& request,
                                                ledger::VerifyOptions&) {
  if (!request.witness_key_registry) return std::optional<Section>();
  CORTEX_ASSIGN(const std::string text, read_evidence(services, *request.witness_key_registry));
  CORTEX_TRY(check_registry(*request.witness_key_registry, text));
  return std::optional<Section>();
}

}  // namespace cortex::app
