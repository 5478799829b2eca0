// `--from-store`: which axes of witness can be shown from the ledger and the receipts that are
// here.
#include <array>
#include <utility>

#include "app/audit.h"
#include "app/gate.h"
#include "base/text.h"
#include "crypto/key_file.h"
#include "ledger/tail.h"
#include "ledger/verify.h"

namespace cortex::app {
namespace {

constexpr std::array<std::string_view, 4> kAxes{"signed_chain", "ado_build", "rekor", "ots"};
constexpr std::size_t kFailuresShown = 3;

struct Axis {
  std::string_view name;
  std::string detail;
  json::Value payload = nullptr;  // null: missing

  bool present() const { return !payload.is_null(); }
};

struct ShownReport {
  std::array<Axis, kAxes.size()> axes;

  Axis& axis(std::string_view name) {
    for (Axis& one : axes) {
      if (one.name == name) return one;
    }
    return axes.front();
  }
};

ShownReport nothing_shown() {
  ShownReport out;
  for (std::size_t i = 0; i < kAxes.size(); ++i) out.axes[i].name = kAxes[i];
  out.axis("ado_build").detail = "no build provenance is kept in a store";
  for (const std::string_view name : {"rekor", "ots"}) {
    out.axis(name).detail = "no receipts were named; give --receipts";
  }
  return out;
}

Result<std::optional<crypto::PublicKey>> read_key(Services& services,
                                                  const StoreGateRequest& request) {
  if (request.verification_key) {
    CORTEX_ASSIGN(const crypto::PublicKey key,
                  crypto::read_public_key(services.fs, *request.verification_key));
    return std::optional(key);
  }
  if (!request.attestation) return std::optional<crypto::PublicKey>();
  CORTEX_ASSIGN(const crypto::SigningKey key,
                crypto::read_signing_key(services.fs, *request.attestation));
  return std::optional(key.public_key());
}

// "line 2: hash_break".
std::string failure_text(const ledger::Failure& failure) {
  std::string kind;
  for (const char c : failure.reason.substr(0, failure.reason.find_first_of(" {("))) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !kind.empty()) kind += '_';
    kind += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return cat("line ", failure.file_line, ": ", kind);
}

void judge_chain(const crypto::PublicKey& key, const ledger::ChainReport& chain, Axis& axis) {
  if (!chain.closed()) {
    axis.detail = "the ledger is no clean signed chain of this key: ";
    for (std::size_t i = 0; i < chain.failures.size() && i < kFailuresShown; ++i) {
      axis.detail += cat(i == 0 ? "" : "; ", failure_text(chain.failures[i]));
    }
    return;
  }
  axis.detail = cat(counted(chain.rows, "row"), ", all signed");
  axis.payload = json::Object{{"chain_head_hash", chain.head.value_or("")},
                              {"event_count", chain.rows},
                              {"key_id", crypto::key_id(key)},
                              {"rows_scanned", chain.rows}};
}

Status show_chain(Services& services, const StoreGateRequest& request, Axis& axis) {
  const std::string& path = request.layout.event_log_path;
  const auto info = services.fs.stat(path);
  const bool found = info.ok() && info->kind == fs::Kind::kFile;
  if (!found) {
    axis.detail = cat("there is no ledger ", quoted(path));
    return {};
  }
  CORTEX_ASSIGN(const auto key, read_key(services, request));
  if (!key) {
    axis.detail = "no key was named; give --verification-key";
    return {};
  }
  auto file = services.fs.open(path, fs::Open::kRead);
  if (!file.ok()) {
    axis.detail = cat("the ledger cannot be read: ", fs::describe(file.error()));
    return {};
  }
  ledger::VerifyOptions options;
  options.threads = ledger::verify_threads();
  options.signed_chain =
      ledger::SignedChain{*key, ledger::ledger_id_of(path, ledger::kSignedRowsLedgerId)};
  const auto judged = [&]() -> Status {
    CORTEX_ASSIGN(const std::uint64_t size, ledger::settled_size(**file));
    CORTEX_ASSIGN(const auto chain, ledger::verify_chain(**file, size, std::move(options)));
    judge_chain(*key, chain, axis);
    return {};
  }();
  if (!judged.ok()) axis.detail = cat("the ledger cannot be read: ", judged.error().message);
  return {};
}

// Receipts are verified as `audit verify --against-external` does, against this ledger.
void show_receipts(Services& services, const StoreGateRequest& request, ShownReport& shown) {
  for (const std::string& path : request.receipts) {
    VerifyRequest verify{.layout = request.layout};
    verify.against_external = path;
    verify.trusted_root_path = request.trusted_root_path;
    const VerifyReport report = audit_verify(services, verify);
    const json::Value* found = report.members.find("external_receipts");
    const std::string* authority =
        found == nullptr ? nullptr : found->find_text("external_anchor_authority");
    const bool rekor = authority != nullptr && *authority == "external_authority_rekor";
    const bool ots = authority != nullptr && *authority == "external_authority_opentimestamps";
    if (report.code == Code::kOk && (rekor || ots)) {
      Axis& axis = shown.axis(rekor ? "rekor" : "ots");
      axis.detail = cat("receipts in ", printable(path), " verify");
      axis.payload = json::sorted(*found);
      continue;
    }
    const std::string why = report.error ? report.error->message : "nothing in them is proven";
    for (const std::string_view name : {"rekor", "ots"}) {
      if (!shown.axis(name).present()) {
        shown.axis(name).detail = cat("receipts in ", printable(path), ": ", why);
      }
    }
  }
}

json::Value axis_json(const Axis& axis, std::string_view invariant_prefix) {
  if (axis.present()) {
    return json::Object{{"axis", axis.name},
                        {"detail", axis.detail},
                        {"payload", axis.payload},
                        {"state", "present"}};
  }
  return json::Object{{"axis", axis.name},
                      {"detail", axis.detail},
                      {"invariant", cat(invariant_prefix, axis.name)},
                      {"state", "missing"}};
}

}  // namespace

Result<GateReport> judge_gate_from_store(Services& services, const StoreGateRequest& request) {
  ShownReport shown = nothing_shown();
  CORTEX_TRY(show_chain(services, request, shown.axis("signed_chain")));
  show_receipts(services, request, shown);
  const std::string command = cat(names_of(request.kind).command, ".from_store");
  json::Object input{{"data_dir", request.layout.data_dir}};
  json::Array missing;
  for (const Axis& axis : shown.axes) {
    input.add(std::string(axis.name), axis_json(axis, cat(command, ".witness_axis_missing.")));
    if (!axis.present()) missing.emplace_back(axis.name);
  }
  const bool all = missing.empty();
  input.add("all_witness_axes_present", all);
  GateReport out;
  out.open = all;
  out.report = json::sorted(json::Object{{"all_witness_axes_present", all},
                                         {"artifact_emitted", all},
                                         {"command", command},
                                         {"evidence_input", std::move(input)},
                                         {"forbidden_uses", forbidden_uses_of(request.kind)},
                                         {"independent_verification", all},
                                         {"missing_witness_axes", std::move(missing)},
                                         {"mode", "from_store"},
                                         {"trusted_artifact_emitted", all},
                                         {"trusted_stdout_artifact", all}});
  return out;
}

}  // namespace cortex::app
