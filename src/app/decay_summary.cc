#include "app/decay_summary.h"

#include <utility>

#include "base/fixed_bytes.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "ledger/length_prefix.h"
#include "memory/decay.h"

namespace cortex::app {
namespace {

constexpr std::string_view kSummaryPurpose = "cortex.decay.llm_summary";
constexpr std::string_view kRequestDomain = "cortex.llm.summary.request.v1";
constexpr std::string_view kFixtureInvalid = "decay.run.summary_backend_fixture_invalid";
constexpr char kSummaryAttestationDomain = 0x21;
constexpr std::uint16_t kSummaryVersion = 1;
constexpr std::uint64_t kSummaryFileBytesMax = 16U << 20;

Error answer_rejected(std::string why) {
  return make_error(Code::kPrecondition, std::move(why), "the job was not changed",
                    "sign an attestation for this job, its model and its prompt",
                    kAttestationRejected);
}

Error call_failed(std::string why) {
  return with_token(make_error(Code::kPrecondition, std::move(why)), kBackendCallFailed);
}

Error bad_fixture(const std::string& path, std::string_view why) {
  return make_error(Code::kPrecondition,
                    cat("the summary fixture ", quoted(path), " cannot be used: ", why),
                    "the job was not changed", "correct the fixture", kFixtureInvalid);
}

Result<json::Value> read_json(fs::FileSystem& fs, const std::string& path) {
  auto text = fs::read_all(fs, path, kSummaryFileBytesMax);
  if (!text.ok()) {
    return make_error(Code::kPrecondition, cat("the file ", quoted(path),
                                               " cannot be read: ", fs::describe(text.error())));
  }
  return json::parse(*text);
}

Status check_signature(const SummaryAttestation& attestation) {
  const auto key = fixed_bytes<crypto::PublicKey>(from_hex(attestation.key_hex));
  if (!key || !crypto::check_public_key(*key).ok()) {
    return answer_rejected("operator_verifying_key_hex is no Ed25519 public key in lower-case hex");
  }
  const auto signature = fixed_bytes<crypto::Signature>(from_hex(attestation.signature_hex));
  if (!signature) return answer_rejected("signature_hex is no signature in lower-case hex");
  if (crypto::verify(*key, summary_attestation_preimage(attestation), *signature)) return {};
  return answer_rejected("the signature does not fit the attestation");
}

constexpr std::string_view kSignatureMember = "signature_hex";
// The other members that are texts, in the order in which they are checked.
struct AttestationMember {
  std::string_view name;
  std::string SummaryAttestation::* member;
};
constexpr AttestationMember kMembers[] = {
    {"operator_verifying_key_hex", &SummaryAttestation::key_hex},
    {"operator_key_id", &SummaryAttestation::key_id},
    {"signed_at", &SummaryAttestation::signed_at},
    {"decay_job_id", &SummaryAttestation::job_id},
    {"model_name", &SummaryAttestation::model_name},
    {"prompt_template_blake3", &SummaryAttestation::prompt_template},
};

// The request of a fixture, as it stands there.
Result<SummaryRequest> request_of(const json::Value& value) {
  const auto missing = [](std::string_view what) {
    return make_error(Code::kUsage, cat("a request has no usable ", what));
  };
  const std::string* domain = value.find_text("domain");
  const std::string* model = value.find_text("model_name");
  const std::string* pin = value.find_text("prompt_template_blake3");
  const json::Value* claims = value.find("source_claims");
  if (domain == nullptr || *domain != kRequestDomain) return missing("domain");
  if (model == nullptr || pin == nullptr) return missing("model_name or prompt_template_blake3");
  if (claims == nullptr || claims->as_array() == nullptr) return missing("source_claims");
  SummaryRequest request{.model_name = *model, .prompt_template = *pin, .source_claims = {}};
  for (const json::Value& claim : *claims->as_array()) {
    if (claim.as_string() == nullptr) return missing("source_claims");
    request.source_claims.push_back(*claim.as_string());
  }
  request.max_output_bytes = value.find_unsigned("max_output_bytes");
  if (const std::string* job = value.find_text("decay_job_id")) request.job_id = *job;
  return request;
}

}  // namespace

std::string summary_attestation_preimage(const SummaryAttestation& attestation) {
  std::string out{kSummaryAttestationDomain, 0, static_cast<char>(kSummaryVersion)};
  ledger::append_sized(out, kSummaryPurpose);
  for (const std::string* text : {&attestation.key_id, &attestation.signed_at, &attestation.job_id,
                                  &attestation.model_name, &attestation.prompt_template}) {
    ledger::append_sized(out, *text);
  }
  return out;
}

json::Object to_json(const SummaryAttestation& attestation) {
  json::Object out{{"schema_version", kSummaryVersion}, {"purpose", kSummaryPurpose}};
  for (const AttestationMember& one : kMembers) {
    out.add(std::string(one.name), attestation.*one.member);
  }
  out.add(std::string(kSignatureMember), attestation.signature_hex);
  return out;
}

Result<SummaryAttestation> check_summary_attestation(const json::Value& attestation,
                                                     std::string_view job_id) {
  SummaryAttestation out;
  for (const AttestationMember& one : kMembers) {
    const std::string* text = attestation.find_text(one.name);
    if (text == nullptr) return answer_rejected(cat("the attestation has no ", one.name));
    out.*one.member = *text;
  }
  if (attestation.find_unsigned("schema_version") != kSummaryVersion) {
    return answer_rejected("schema_version is not 1");
  }
  const std::string* purpose = attestation.find_text("purpose");
  if (purpose == nullptr || *purpose != kSummaryPurpose)
    return answer_rejected(cat("purpose is not ", kSummaryPurpose));
  if (out.job_id != job_id) {
    return answer_rejected(cat("it is for the job ", quoted(out.job_id), ", not for ", job_id));
  }
  if (is_blank(out.model_name)) return answer_rejected("model_name is empty");
  if (!out.prompt_template.starts_with("blake3:")) {
    return answer_rejected("prompt_template_blake3 does not begin with blake3:");
  }
  const std::string* signature = attestation.find_text(kSignatureMember);
  if (signature == nullptr)
    return answer_rejected(cat("the attestation has no ", kSignatureMember));
  out.signature_hex = *signature;
  CORTEX_TRY(check_signature(out));
  return out;
}

Result<SummaryAttestation> read_summary_attestation(fs::FileSystem& fs, const std::string& path,
                                                    std::string_view job_id) {
  const auto file = read_json(fs, path);
  if (!file.ok()) return answer_rejected(file.error().message);
  return check_summary_attestation(*file, job_id);
}

std::string summary_request_hash(const SummaryRequest& request) {
  json::Object canonical{{"domain", kRequestDomain},
                         {"model_name", request.model_name},
                         {"prompt_template_blake3", request.prompt_template},
                         {"source_claims", json::array_of(request.source_claims)}};
  if (request.max_output_bytes) canonical.add("max_output_bytes", *request.max_output_bytes);
  if (request.job_id) canonical.add("decay_job_id", *request.job_id);
  return crypto::blake3_hex(json::write_compact(std::move(canonical)));
}

Result<FixtureBackend> FixtureBackend::read(fs::FileSystem& fs, const std::string& path) {
  auto file = read_json(fs, path);
  if (!file.ok()) return bad_fixture(path, file.error().message);
  const json::Value* entries = file->find("entries");
  if (entries == nullptr || entries->as_array() == nullptr) {
    return bad_fixture(path, "it has no array of entries");
  }
  FixtureBackend backend;
  for (const json::Value& entry : *entries->as_array()) {
    const json::Value* asked = entry.find("request");
    const json::Value* response = entry.find("response");
    if (asked == nullptr || response == nullptr) {
      return bad_fixture(path, "an entry needs request and response");
    }
    auto request = request_of(*asked);
    if (!request.ok()) return bad_fixture(path, request.error().message);
    const std::string* claim = response->find_text("claim");
    const std::string* model = response->find_text("model_name_echoed");
    if (claim == nullptr || model == nullptr) {
      return bad_fixture(path, "a response needs claim and model_name_echoed");
    }
    if (!backend.answers_.emplace(summary_request_hash(*request), SummaryAnswer{*claim, *model})
             .second) {
      return bad_fixture(path, "two entries answer the same request");
    }
  }
  return backend;
}

Result<SummaryAnswer> FixtureBackend::summarize(const SummaryRequest& request) {
  const auto found = answers_.find(summary_request_hash(request));
  if (found != answers_.end()) return found->second;
  return call_failed(
      cat("the fixture has no answer to the request ", summary_request_hash(request)));
}

Result<SummaryAnswer> checked_summary(SummaryBackend& backend, const SummaryRequest& request) {
  auto answer = backend.summarize(request);
  if (!answer.ok()) {
    answer.error().token = kBackendCallFailed;
    return answer;
  }
  if (answer->model_name != request.model_name) {
    return call_failed(cat("the model ", quoted(answer->model_name), " answered, attested is ",
                           quoted(request.model_name)));
  }
  if (is_blank(answer->claim)) return call_failed("the model answered with nothing");
  if (!is_valid_utf8(answer->claim)) return call_failed("the answer is not UTF-8");
  if (answer->claim.size() > memory::kSummaryBytesMax) {
    return call_failed(cat("the answer has ", with_thousands(answer->claim.size()),
                           " bytes, at most ", with_thousands(memory::kSummaryBytesMax)));
  }
  return answer;
}

}  // namespace cortex::app
