#include "ledger/chain_check.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "core/ids.h"
#include "json/canonical.h"
#include "json/value.h"
#include "ledger/boundary.h"
#include "ledger/chain.h"

namespace cortex::ledger {
namespace {

std::string option_text(const std::optional<std::string>& hash) {
  return hash ? cat("Some(", json::string_text(*hash), ")") : "None";
}

std::string orphan_text(const std::optional<std::string>& observed,
                        const std::optional<std::string>& expected) {
  return cat("Orphan { observed_prev: ", option_text(observed),
             ", expected_prev: ", option_text(expected), " }");
}

std::string hash_break(std::string_view which, std::string_view observed,
                       std::string_view expected) {
  return cat("HashBreak { which: ", which, ", observed: ", json::string_text(observed),
             ", expected: ", json::string_text(expected), " }");
}

std::string row_hash_break(std::string_view observed, const crypto::HexDigest& expected) {
  return hash_break("RowHashMismatch", observed, {expected.data(), expected.size()});
}

bool hashes_to(const crypto::HexDigest& hash, std::string_view claimed) {
  return std::string_view(hash.data(), hash.size()) == claimed;
}

// What a row hash is over, as it stands in the line: all before the member. Nothing is taken on
// trust from this: text that hashes to the member's value is what its writer hashed.
std::string_view body_of(std::string_view line) {
  static const std::string opening = cat(",\"", core::kRowHashMember, "\":");
  const std::size_t at = line.rfind(opening);
  return at == std::string_view::npos ? std::string_view() : line.substr(0, at);
}

// The same of a row that is spelled in another way.
std::string written_anew(const core::DecodedEvent& row) {
  core::Event event = row.event;
  auto payload = core::canonical_payload(row.raw_payload, row.payload_depth);
  event.payload = payload.ok() ? std::move(payload).value() : std::string(row.raw_payload);
  if (row.raw_payload_is_canonical) event.payload = row.raw_payload;
  std::string body;
  core::append_row_body(body, event);
  return body;
}

}  // namespace

ChunkCheck::ChunkCheck(ChunkOptions options) : options_(options) {
  if (options_.signed_chain != nullptr) signatures_.emplace(*options_.signed_chain);
}

std::string_view ChunkCheck::hash_of(std::string_view bytes) {
  hasher_.reset();
  hasher_.update(bytes);
  hash_ = crypto::hex_digest(hasher_.finish());
  return {hash_.data(), hash_.size()};
}

void ChunkCheck::fail(const core::DecodedEvent& row, std::string_view invariant,
                      std::string reason) {
  ++report_.failures_total;
  if (report_.failures.size() >= limits::kFailuresShownMax) return;
  report_.failures.push_back({place_.ordinal, place_.file_line,
                              core::id_text(core::IdKind::kEvent, row.event.id),
                              std::string(invariant), std::move(reason)});
}

// A payload holds when its hash is that of its canonical form, with numbers as they are written or
// as they are read back (docs/formats.md, 4.4).
void ChunkCheck::check_payload(const core::DecodedEvent& row) {
  const std::string& stored = row.event.payload_hash;
  if (row.raw_payload_is_canonical && hash_of(row.raw_payload) == stored) return;
  json::Cursor cursor(row.raw_payload, 0, row.payload_depth);
  std::string lexical;
  if (!row.raw_payload_is_canonical && json::write_lexical_canonical(cursor, lexical) &&
      hash_of(lexical) == stored) {
    return;
  }
  auto canonical = core::canonical_payload(row.raw_payload, row.payload_depth);
  if (!canonical.ok()) {
    fail(row, "", cat("Decode { message: ", json::string_text(canonical.error().message), " }"));
    return;
  }
  const std::string_view recomputed = hash_of(*canonical);
  if (recomputed == stored) return;
  // Whether an operation says so is settled at the end.
  if ((erased_ = erasure_mark(row))) return;
  // `observed` is what the row claims, `expected` what its payload hashes to.
  fail(row, "", hash_break("PayloadHashMismatch", stored, recomputed));
}

void ChunkCheck::add(const core::DecodedEvent& row) {
  report_.ids.push_back(row.event.id);
  if (row.event.schema_version < core::kSchemaVersion) ++report_.old_rows;
  if (is_boundary(row.event, row.raw_payload)) add_boundary(row);
  check_links(row);
}

void ChunkCheck::add_boundary(const core::DecodedEvent& row) {
  report_.boundary_lines.push_back(place_.ordinal);
  if (names_its_predecessor(row.event.prev_event_hash, row.raw_payload, row.payload_depth)) return;
  report_.misplaced_boundary_lines.push_back(place_.ordinal);
}

void ChunkCheck::check_links(const core::DecodedEvent& row) {
  const core::Event& event = row.event;
  if (event.signature && report_.signers.size() < limits::kSignersMax) {
    report_.signers.insert(event.signature->key_id);
  }
  if (!core::is_supported_schema_version(event.schema_version)) {
    fail(row, "audit.event_schema_version.unsupported",
         cat("UnknownEventSchemaVersion { observed: ", event.schema_version,
             ", expected: 1 or 2 }"));
    return;
  }
  check_payload(row);
  event_hash_preimage(event.prev_event_hash, event.payload_hash, preimage_);
  if (const std::string_view recomputed = hash_of(preimage_); recomputed != event.event_hash) {
    fail(row, "", hash_break("EventHashMismatch", event.event_hash, recomputed));
  }
  if (!report_.first_link) {
    report_.first_link = ChunkReport::Link{
        event.prev_event_hash,
        {place_.ordinal, place_.file_line, core::id_text(core::IdKind::kEvent, event.id), "", ""},
        report_.failures.size()};
  } else if (event.prev_event_hash != report_.last_hash) {
    fail(row, "", orphan_text(event.prev_event_hash, report_.last_hash));
  }
  report_.last_hash = event.event_hash;
  check_signature(row);
}

void ChunkCheck::check_signature(const core::DecodedEvent& row) {
  if (!signatures_) return;
  if (auto fault = signatures_->check(row, place_, report_.failures.size())) {
    fail(row, fault->invariant, std::move(fault->reason));
  }
}

// `is_sound`: nothing else was found wrong with the row. One change is one failure.
void ChunkCheck::check_coverage(const core::DecodedEvent& row, std::string_view line,
                                bool is_sound) {
  Coverage& coverage = report_.coverage;
  if (!row.event.row_hash) {
    if (report_.first_uncovered == 0) report_.first_uncovered = place_.ordinal;
    if (coverage.rows > 0 && coverage.gaps++ == 0) coverage.first_gap = place_.ordinal;
    return;
  }
  ++coverage.rows;
  const std::string& hash = *row.event.row_hash;
  const std::string_view body = body_of(line);
  if (!report_.last_row_hash) {
    report_.first_covered = ChunkReport::FirstCovered{place_.ordinal,    hash, std::string(body),
                                                      written_anew(row), {},   0};
    auto& first = *report_.first_covered;
    first.failures_before = report_.failures.size();
    if (is_sound) {
      first.mismatch = {place_.ordinal, place_.file_line,
                        core::id_text(core::IdKind::kEvent, row.event.id), "", ""};
    }
  } else if (is_sound && !hashes_to(row_hash(hasher_, *report_.last_row_hash, body), hash)) {
    const auto expected = row_hash(hasher_, *report_.last_row_hash, written_anew(row));
    if (!hashes_to(expected, hash)) fail(row, "", row_hash_break(hash, expected));
  }
  report_.last_row_hash = hash;
}

void ChunkCheck::pick(const core::DecodedEvent& row) {
  if (!(*options_.pick)(row.event, row.raw_payload)) return;
  auto& [ordinal, event] = report_.picked.emplace_back(place_.ordinal, row.event);
  event.payload = row.raw_payload;
}

void ChunkCheck::take_leaf(const core::DecodedEvent& row, std::string_view entry) {
  if (auto record = parse_erasure_record(row)) report_.erasures.push_back(*std::move(record));
  if (!options_.with_leaves && !erased_) return;
  const TreeHash leaf = leaf_hash(entry);
  if (options_.with_leaves) report_.leaves.push_back(erased_ ? erased_->leaf : leaf);
  if (!erased_) return;
  report_.erased.push_back(
      {place_.ordinal, place_.file_line, row.event.id, row.event.payload_hash, *erased_, leaf});
}

Result<ChunkReport> ChunkCheck::check(const Chunk& chunk, const SignerState& signer) {
  report_ = ChunkReport{};
  if (signatures_) signatures_->start(signer);
  report_.ids.reserve(chunk.bytes.size() / 512);
  RowCursor rows(chunk.bytes, chunk.offset);
  while (const core::DecodedEvent* row = rows.next()) {
    place_ = rows.place();
    const std::uint64_t failures = report_.failures_total;
    erased_.reset();
    add(*row);
    check_coverage(*row, rows.line(), report_.failures_total == failures && !erased_);
    take_leaf(*row, entry_of(chunk.bytes, chunk.offset, place_));
    if (options_.pick != nullptr) pick(*row);
    report_.head = row->event.event_hash;
    if (options_.keep_hashes) report_.hashes.push_back(row->event.event_hash);
    if (options_.on_row != nullptr) CORTEX_TRY((*options_.on_row)(*row, place_.end));
  }
  if (signatures_) report_.signatures = signatures_->finish();
  report_.fault = rows.fault();
  report_.rows = rows.place().ordinal;
  report_.lines = rows.place().file_line;
  return std::move(report_);
}

ChainAssembler::ChainAssembler(std::uint64_t ledger_bytes, std::vector<std::uint64_t> positions,
                               const SignedChain* signed_chain, LeafFunction on_leaf,
                               PickedFunction on_picked)
    : wanted_(std::move(positions)),
      duplicates_(ledger_bytes),
      on_leaf_(std::move(on_leaf)),
      on_picked_(std::move(on_picked)) {
  std::ranges::sort(wanted_);
  wanted_.erase(std::ranges::unique(wanted_).begin(), wanted_.end());
  while (wanted_next_ < wanted_.size() && wanted_[wanted_next_] == 0) ++wanted_next_;
  if (signed_chain == nullptr) return;
  signatures_.emplace(*signed_chain);
  signer_ = SignerState::first(signed_chain->key);
}

void ChainAssembler::begin_at(const ChainPlace& place) {
  begun_inside_ = true;
  report_.rows = lines_ = place.head.rows;
  report_.head = expected_prev_ = place.head.hash;
  last_row_hash_ = place.head.row_hash;
  if (signatures_) signer_ = place.signer;
}

bool ChainAssembler::must_repeat(const ChunkReport& chunk) const {
  if (!chunk.signatures) return false;
  return chunk.signatures->must_repeat || chunk.signatures->assumed.key != signer_.key;
}

void ChainAssembler::take_positions(std::vector<std::string>& hashes) {
  for (; wanted_next_ < wanted_.size(); ++wanted_next_) {
    const std::uint64_t ordinal = wanted_[wanted_next_];
    if (ordinal - report_.rows > hashes.size()) return;
    report_.positions.push_back({ordinal, std::move(hashes[ordinal - report_.rows - 1])});
  }
}

void ChainAssembler::append_failure(Failure failure) {
  if (report_.failures.size() >= limits::kFailuresShownMax) return;
  failure.line += report_.rows;
  failure.file_line += lines_;
  report_.failures.push_back(std::move(failure));
}

// The failure of the row that waited for the lineage, if it is one.
std::optional<Failure> ChainAssembler::take_signatures(StretchSignatures& signatures) {
  std::optional<Failure> failure;
  if (signatures.deferred) {
    const DeferredSignature& row = *signatures.deferred;
    SignedReport first;
    if (auto fault = signatures_->check_deferred(row, signer_, first)) {
      failure = Failure{row.place.ordinal, row.place.file_line,
                        core::id_text(core::IdKind::kEvent, row.event.id),
                        std::string(fault->invariant), std::move(fault->reason)};
    }
    report_.signatures.join(first, report_.rows);
  }
  report_.signatures.join(signatures.report, report_.rows);
  const std::optional<Lineage> before = signer_.lineage;
  signer_ = std::move(signatures.end);
  if (!signer_.lineage) signer_.lineage = before;  // no signature in the whole chunk
  return failure;
}

void ChainAssembler::append_failures(ChunkReport& chunk, std::vector<Late> late) {
  report_.failures_total += chunk.failures_total + late.size();
  std::ranges::stable_sort(late, {}, &Late::failures_before);
  std::size_t next = 0;
  for (std::size_t i = 0; i <= chunk.failures.size(); ++i) {
    for (; next < late.size() && late[next].failures_before == i; ++next) {
      append_failure(std::move(late[next].failure));
    }
    if (i < chunk.failures.size()) append_failure(std::move(chunk.failures[i]));
  }
}

std::vector<ChainAssembler::Late> ChainAssembler::late_failures(ChunkReport& chunk) {
  std::vector<Late> late;
  if (chunk.first_link && chunk.first_link->prev != expected_prev_) {
    Failure& orphan = chunk.first_link->orphan;
    orphan.reason = orphan_text(chunk.first_link->prev, expected_prev_);
    late.push_back({chunk.first_link->failures_before, std::move(orphan)});
  }
  if (chunk.signatures) {
    if (auto unsigned_row = take_signatures(*chunk.signatures)) {
      late.push_back({chunk.signatures->deferred->failures_before, *std::move(unsigned_row)});
    }
  }
  if (!chunk.first_covered) return late;
  auto& first = *chunk.first_covered;
  const std::string_view before =
      last_row_hash_ ? std::string_view(*last_row_hash_) : std::string_view();
  const bool already_failed =
      first.mismatch.line == 0 || std::ranges::any_of(late, [&](const Late& other) {
        return other.failure.line == first.mismatch.line;
      });
  if (already_failed || hashes_to(row_hash(hasher_, before, first.body), first.hash)) {
    return late;
  }
  const auto expected = row_hash(hasher_, before, first.canonical_body);
  if (hashes_to(expected, first.hash)) return late;
  first.mismatch.reason = row_hash_break(first.hash, expected);
  late.push_back({first.failures_before, std::move(first.mismatch)});
  return late;
}

void ChainAssembler::add_coverage(const ChunkReport& chunk) {
  Coverage& coverage = report_.coverage;
  const bool begun = coverage.rows > 0;
  const std::uint64_t gap = begun ? chunk.first_uncovered : chunk.coverage.first_gap;
  if (coverage.first_gap == 0 && gap > 0) coverage.first_gap = report_.rows + gap;
  coverage.gaps += begun ? chunk.ids.size() - chunk.coverage.rows : chunk.coverage.gaps;
  coverage.rows += chunk.coverage.rows;
}

Status ChainAssembler::pass_leaves(const ChunkReport& chunk) {
  if (!on_leaf_) return {};
  for (std::size_t i = 0; i < chunk.leaves.size(); ++i) {
    CORTEX_TRY(on_leaf_(report_.rows + i + 1, chunk.leaves[i], chunk.ids[i]));
  }
  return {};
}

Status ChainAssembler::pass_picked(const ChunkReport& chunk) {
  for (const auto& [ordinal, event] : chunk.picked) {
    CORTEX_TRY(on_picked_(report_.rows + ordinal, event));
  }
  return {};
}

void ChainAssembler::take_erasures(ChunkReport& chunk) {
  for (ErasedRow& row : chunk.erased) {
    row.line += report_.rows;
    row.file_line += lines_;
    erasures_.add(std::move(row));
  }
  for (ErasureRecord& record : chunk.erasures) erasures_.add(std::move(record));
}

void ChainAssembler::settle_erasures() {
  const auto unrecorded = erasures_.unrecorded();
  report_.erased_rows = erasures_.rows() - unrecorded.size();
  report_.erasures_pending = erasures_.pending();
  for (const ErasedRow& row : erasures_.erased()) {
    if (report_.erased.size() < limits::kFailuresShownMax) {
      report_.erased.emplace_back(row.line, row.event_id);
    }
  }
  report_.failures_total += unrecorded.size();
  for (const ErasedRow* row : unrecorded) {
    if (report_.failures.size() >= limits::kFailuresShownMax) break;
    report_.failures.push_back(
        {row->line, row->file_line, core::id_text(core::IdKind::kEvent, row->event_id),
         std::string(kErasureUnrecordedToken),
         cat("ErasureNotRecorded { erasure: ", json::string_text(row->mark.id), " }")});
  }
}

Status ChainAssembler::add(ChunkReport&& chunk) {
  append_failures(chunk, late_failures(chunk));
  report_.old_rows += chunk.old_rows;
  for (const std::uint64_t line : chunk.boundary_lines) {
    report_.boundary_lines.push_back(line + report_.rows);
  }
  for (const std::uint64_t line : chunk.misplaced_boundary_lines) {
    report_.misplaced_boundary_lines.push_back(line + report_.rows);
  }
  if (!begun_inside_) duplicates_.add(chunk.ids);
  CORTEX_TRY(pass_leaves(chunk));
  if (on_picked_) CORTEX_TRY(pass_picked(chunk));
  take_erasures(chunk);
  add_coverage(chunk);
  if (chunk.last_row_hash) last_row_hash_ = std::move(chunk.last_row_hash);
  report_.signers.merge(chunk.signers);
  if (chunk.last_hash) expected_prev_ = std::move(chunk.last_hash);
  if (chunk.head) report_.head = std::move(chunk.head);
  if (chunk.fault) return row_error(*chunk.fault, lines_);
  take_positions(chunk.hashes);
  report_.rows += chunk.rows;
  lines_ += chunk.lines;
  return {};
}

Result<ChainReport> ChainAssembler::finish(fs::File& file, std::uint64_t size_bytes) {
  settle_erasures();
  report_.end = {{size_bytes, report_.rows, expected_prev_, last_row_hash_}, signer_};
  if (begun_inside_) return std::move(report_);
  CORTEX_ASSIGN(report_.duplicates, duplicates_.finish(file, size_bytes));
  return std::move(report_);
}

}  // namespace cortex::ledger
