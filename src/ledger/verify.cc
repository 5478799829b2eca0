#include "ledger/verify.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "core/ids.h"
#include "crypto/digest.h"
#include "json/value.h"
#include "ledger/chain.h"

namespace cortex::ledger {
namespace {

std::string quoted_json(std::string_view text) {
  std::string out;
  json::write_string(out, text);
  return out;
}

std::string option_text(const std::optional<std::string>& hash) {
  return hash ? cat("Some(", quoted_json(*hash), ")") : "None";
}

std::string hash_break(std::string_view which, std::string_view observed,
                       std::string_view expected) {
  return cat("HashBreak { which: ", which, ", observed: ", quoted_json(observed),
             ", expected: ", quoted_json(expected), " }");
}

}  // namespace

void ChainVerifier::fail(const core::DecodedEvent& row, const RowPlace& place,
                         std::string invariant, std::string reason) {
  ++report_.failures_total;
  if (report_.failures.size() >= limits::kFailuresShownMax) return;
  report_.failures.push_back({place.ordinal, place.file_line,
                              core::id_text(core::IdKind::kEvent, row.event.id),
                              std::move(invariant), std::move(reason)});
}

// A payload holds when its hash is that of its canonical form as written or as re-read
// (docs/formats.md, 4.4).
void ChainVerifier::check_payload(const core::DecodedEvent& row, const RowPlace& place) {
  const std::string& stored = row.event.payload_hash;
  if (row.raw_payload_is_canonical && crypto::blake3_hex(row.raw_payload) == stored) return;
  auto canonical = core::canonical_payload(row.raw_payload, row.payload_depth);
  if (!canonical.ok()) {
    fail(row, place, "", cat("Decode { message: ", quoted_json(canonical.error().message), " }"));
    return;
  }
  const std::string recomputed = crypto::blake3_hex(*canonical);
  if (recomputed == stored) return;
  // `observed` is what the row claims, `expected` what its payload hashes to.
  fail(row, place, "", hash_break("PayloadHashMismatch", stored, recomputed));
}

void ChainVerifier::add(const core::DecodedEvent& row, const RowPlace& place) {
  const core::Event& event = row.event;
  ++report_.rows;
  report_.end_offset = place.end;
  report_.head = event.event_hash;
  ids_.push_back(event.id);
  if (is_boundary(event, row.raw_payload)) report_.boundary_lines.push_back(place.ordinal);
  if (!core::is_supported_schema_version(event.schema_version)) {
    fail(row, place, "audit.event_schema_version.unsupported",
         cat("UnknownEventSchemaVersion { observed: ", event.schema_version,
             ", expected: 1 or 2 }"));
    return;
  }
  check_payload(row, place);
  const std::string recomputed = event_hash(
      event.prev_event_hash ? std::string_view(*event.prev_event_hash) : std::string_view(),
      event.payload_hash);
  if (recomputed != event.event_hash) {
    fail(row, place, "", hash_break("EventHashMismatch", event.event_hash, recomputed));
  }
  if (event.prev_event_hash != expected_prev_) {
    fail(row, place, "",
         cat("Orphan { observed_prev: ", option_text(event.prev_event_hash),
             ", expected_prev: ", option_text(expected_prev_), " }"));
  }
  expected_prev_ = event.event_hash;
}

ChainReport ChainVerifier::finish() {
  std::sort(ids_.begin(), ids_.end());
  for (std::size_t i = 1; i < ids_.size(); ++i) {
    const bool repeated = ids_[i] == ids_[i - 1];
    const bool first_repeat = repeated && (i < 2 || ids_[i - 2] != ids_[i]);
    if (first_repeat && report_.duplicate_ids.size() < limits::kFailuresShownMax) {
      report_.duplicate_ids.push_back(core::id_text(core::IdKind::kEvent, ids_[i]));
    }
  }
  return std::move(report_);
}

Result<ChainReport> verify_chain(fs::File& file, std::uint64_t size_bytes,
                                 std::function<Status(std::string_view)> on_block) {
  RowStream stream(file, 0, size_bytes);
  stream.on_block = std::move(on_block);
  ChainVerifier verifier;
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, stream.next());
    if (row == nullptr) break;
    verifier.add(*row, stream.place());
  }
  return verifier.finish();
}

std::vector<std::string> boundary_failures(const ChainReport& report, bool required) {
  constexpr std::string_view kPrefix = "schema_migration.v1_to_v2.boundary.";
  const auto& lines = report.boundary_lines;
  if (lines.empty() && required) {
    return {cat(kPrefix, "missing: Missing { required: true, observed: 0 }")};
  }
  if (lines.size() <= 1) return {};
  std::string list;
  for (const auto line : lines) list += cat(list.empty() ? "" : ", ", line);
  return {
      cat(kPrefix, "duplicate: Duplicate { observed: ", lines.size(), ", lines: [", list, "] }")};
}

}  // namespace cortex::ledger
