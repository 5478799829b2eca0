// Summaries by a model: who allowed it (the attestation), what is asked (the request and its hash),
// and who answers (the backend).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

inline constexpr std::string_view kAttestationRejected = "decay.llm_summary.attestation_rejected";
inline constexpr std::string_view kBackendCallFailed = "decay.llm_summary.backend_call_failed";

// An operator's signature under one job, one model and one prompt (docs/formats.md, "Decay").
struct SummaryAttestation {
  std::string key_hex, key_id, signed_at, job_id, model_name, prompt_template;
  std::string signature_hex{};
};
// The bytes that are signed.
std::string summary_attestation_preimage(const SummaryAttestation& attestation);
// As its file and operations of the ledger have it.
json::Object to_json(const SummaryAttestation& attestation);
// Checks everything but the authority of the key. Error: kPrecondition with token
// kAttestationRejected.
Result<SummaryAttestation> check_summary_attestation(const json::Value& attestation,
                                                     std::string_view job_id);
// The same from a file.
Result<SummaryAttestation> read_summary_attestation(fs::FileSystem& fs, const std::string& path,
                                                    std::string_view job_id);

struct SummaryRequest {
  std::string model_name, prompt_template;
  std::vector<std::string> source_claims;
  std::vector<std::string> source_tags{};  // of all sources; no part of the hash
  std::optional<std::uint64_t> max_output_bytes{};
  std::optional<std::string> job_id{};
};
// Lower-case hex BLAKE3 of the canonical request.
std::string summary_request_hash(const SummaryRequest& request);

struct SummaryAnswer {
  std::string claim, model_name;  // the model that answered
};

class SummaryBackend {
 public:
  virtual ~SummaryBackend() = default;
  // Errors: token kBackendCallFailed. An answer is not judged here.
  virtual Result<SummaryAnswer> summarize(const SummaryRequest& request) = 0;
};

// Recorded answers, by the hash of their request.
class FixtureBackend final : public SummaryBackend {
 public:
  // Error: kPrecondition, token decay.run.summary_backend_fixture_invalid.
  static Result<FixtureBackend> read(fs::FileSystem& fs, const std::string& path);
  Result<SummaryAnswer> summarize(const SummaryRequest& request) override;

 private:
  std::map<std::string, SummaryAnswer, std::less<>> answers_;
};

// Asks, and judges the answer: not blank, not longer than a summary may be, UTF-8, and by the model
// that was attested. Error: token kBackendCallFailed.
Result<SummaryAnswer> checked_summary(SummaryBackend& backend, const SummaryRequest& request);

}  // namespace cortex::app
