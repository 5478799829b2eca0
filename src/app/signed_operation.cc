#include "app/signed_operation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "app/decay_summary.h"
#include "app/memory_use.h"
#include "app/operator_pack.h"
#include "app/promotion_attestation.h"
#include "base/text.h"
#include "ledger/signed_row.h"
#include "memory/decay.h"

namespace cortex::app {
namespace {

using FoundSigner = std::optional<OperationSigner>;

Error signature_fault(std::string_view token, std::string message) {
  return with_token(make_error(Code::kIntegrity, std::move(message)), token);
}
Error signature_invalid(std::string message) {
  return signature_fault("signature_invalid", std::move(message));
}

std::string signed_text(const json::Value& object, std::string_view name) {
  const std::string* text = object.find_text(name);
  return text == nullptr ? std::string() : *text;
}

// When the row says that it was done.
std::optional<Timestamp> operation_time(const store::OperationRow& operation) {
  const std::string* at = operation.arg("at").as_string();
  return at == nullptr ? std::nullopt : parse_strict_rfc3339(*at);
}

Result<FoundSigner> validation_signer(const store::OperationRow& operation) {
  const json::Value& attestation = operation.arg("attestation");
  if (attestation.is_null()) {
    if (signed_text(operation.arg("relation"), "relation") != "validated") return FoundSigner();
    return signature_fault("missing", "nobody attests the validation");
  }
  const auto time = operation_time(operation);
  if (!time || !validation_holds(operation)) {
    return signature_invalid("the signature of the validation did not verify");
  }
  return FoundSigner({signed_text(attestation, "key_id"), *time});
}

Result<FoundSigner> rotation_signer(const store::OperationRow& operation) {
  const auto rotation = ledger::parse_rotation_envelope(operation.arg("rotation"));
  if (!rotation) return signature_invalid("the rotation: it is malformed");
  if (const auto why = ledger::rotation_fault(*rotation, rotation->old_key)) {
    return signature_invalid(cat("the rotation: ", *why));
  }
  return FoundSigner(OperationSigner{});
}

// Kept as text in the row of the doctrine, as the column has it.
Result<FoundSigner> promotion_signer(const store::OperationRow& operation) {
  const json::Value& doctrine = operation.arg("doctrine");
  const auto promoted_by = json::parse(signed_text(doctrine, "promoted_by_json"));
  const auto key_id =
      check_promotion(promoted_by.ok() ? *promoted_by : json::Value(),
                      {signed_text(doctrine, "source_principle"), signed_text(doctrine, "force"),
                       signed_text(doctrine, "promotion_reason")});
  if (!key_id.ok()) return signature_invalid(key_id.error().message);
  const std::string signed_at = signed_text(*promoted_by->find("attestation"), "signed_at");
  // check_promotion() read it.
  return FoundSigner({*key_id, parse_relaxed_rfc3339(signed_at).value()});
}

// The model that a summary says it is by, or empty.
std::string summary_model(const json::Value& memory) {
  const json::Value* applies = memory.find("applies_when_json");
  const json::Value* by = applies == nullptr ? nullptr : applies->find("llm_summary");
  return by == nullptr ? std::string() : signed_text(*by, "model_name");
}

// A model may be asked, and its answer kept, for the job and by the model that were signed.
Result<FoundSigner> summary_signer(const store::OperationRow& operation) {
  const bool claim = operation.name == "decay.claim";
  const json::Value& job = operation.arg("job");
  const std::string written_by = summary_model(operation.arg("memory"));
  const bool by_model =
      signed_text(job, "summary_method") == memory::method_token(memory::SummaryMethod::kModel);
  if (!claim && !by_model && written_by.empty()) return FoundSigner();
  const json::Value& found = operation.arg("attestation");
  if (found.is_null()) return signature_fault("missing", "nobody attests the summary by a model");
  const auto attestation = check_summary_attestation(found, signed_text(job, "id"));
  if (!attestation.ok()) return signature_invalid(attestation.error().message);
  const std::string* asked = operation.arg("model").as_string();
  const std::string model = claim ? (asked == nullptr ? "" : *asked) : written_by;
  if (model != attestation->model_name) {
    return signature_invalid(cat("the attestation is for the model ",
                                 quoted(attestation->model_name), ", not for ", quoted(model)));
  }
  // Any text may stand where a file says when it was signed.
  const auto said = parse_relaxed_rfc3339(attestation->signed_at);
  const auto time = said ? said : operation_time(operation);
  if (!time) return signature_invalid("nothing says when the attestation was signed");
  return FoundSigner({attestation->key_hex, *time});
}

// Packs for an operator are signed for; others are anybody's.
Result<FoundSigner> pack_signer(const store::OperationRow& operation) {
  if (signed_text(operation.arg("pack"), "pack_mode") != "operator") return FoundSigner();
  const json::Value& attestation = operation.arg("attestation");
  if (attestation.is_null()) {
    return signature_fault("missing", "nobody attests the operator's pack");
  }
  const std::string* at = operation.arg("created_at").as_string();
  const auto time = at == nullptr ? std::nullopt : parse_strict_rfc3339(*at);
  if (!time || !pack_attestation_holds(operation)) {
    return signature_invalid("the signature of the operator's pack did not verify");
  }
  return FoundSigner({signed_text(attestation, "key_id"), *time, trust::Tier::kOperator});
}

struct SignedKind {
  std::string_view name;
  // A text that stands in every payload of this kind that needs a signature.
  std::string_view mark;
  Result<FoundSigner> (*signer)(const store::OperationRow&);
};
constexpr std::array<SignedKind, 6> kSigned{{
    {"memory.outcome", "\"validated\"", validation_signer},
    {"authority.key.rotate", "\"rotation\"", rotation_signer},
    {"principle.promote", "\"principle.promote\"", promotion_signer},
    {"decay.claim", "\"decay.claim\"", summary_signer},
    {"decay.complete", "\"llm_summary\"", summary_signer},
    {"context.build", R"("pack_mode")", pack_signer},
}};

}  // namespace

Result<std::optional<OperationSigner>> operation_signature(const store::OperationRow& operation) {
  const auto* kind = std::ranges::find(kSigned, operation.name, &SignedKind::name);
  return kind == kSigned.end() ? Result<FoundSigner>(FoundSigner()) : kind->signer(operation);
}

bool may_be_signed_operation(std::string_view payload) {
  // A mark that is spelled with escapes is found by them.
  return payload.find("\\u") != std::string_view::npos ||
         std::ranges::any_of(kSigned, [payload](const SignedKind& kind) {
           return payload.find(kind.mark) != std::string_view::npos;
         });
}

}  // namespace cortex::app
