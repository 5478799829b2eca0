#include "ledger/signed_history.h"

#include <string_view>
#include <utility>

#include "ledger/chain.h"
#include "ledger/proven_prefix.h"
#include "ledger/signed_row.h"
#include "ledger/tlog/sidecar.h"
#include "ledger/tlog/tiles.h"
#include "ledger/verify.h"

namespace cortex::ledger {
namespace {

struct Question {
  fs::FileSystem& fs;
  fs::File& ledger;
  std::uint64_t size_bytes;
  const crypto::SigningKey& key;
  const std::string& ledger_id;
};

// What a pass over the rows behind a place found, and the Merkle tree over all of them.
struct Passed {
  ChainReport report;
  TileBuilder tree;
  bool met_boundary = false;
};

bool hands_over_to(const crypto::PublicKey& key, const core::Event& event, std::string_view payload,
                   int depth_used) {
  const auto rotation = parse_rotation(event, payload, depth_used);
  return rotation && rotation->new_key == key && !rotation_fault(*rotation, rotation->old_key);
}

SignedChain signed_by(const Question& question) {
  return SignedChain{question.key.public_key(), question.ledger_id};
}

Result<Passed> pass(const Question& question, const std::optional<ChainPlace>& start,
                    TileBuilder tree) {
  Passed out{.report = {}, .tree = std::move(tree)};
  const TileBuilder::TileFunction keep_none = [](unsigned, std::uint64_t,
                                                 std::span<const TreeHash>) { return Status(); };
  const crypto::PublicKey key = question.key.public_key();
  VerifyOptions options;
  options.threads = verify_threads();
  options.signed_chain = signed_by(question);
  options.start = start;
  options.on_leaf = [&](std::uint64_t, const TreeHash& leaf, const Ulid&) {
    return out.tree.add(leaf, keep_none);
  };
  options.pick = [&key](const core::Event& event, std::string_view payload) {
    return is_boundary(event, payload) || hands_over_to(key, event, payload, 1);
  };
  options.on_picked = [&out](std::uint64_t, const core::Event&) {
    out.met_boundary = true;
    return Status();
  };
  CORTEX_ASSIGN(out.report, verify_chain(question.ledger, question.size_bytes, std::move(options)));
  return out;
}

// The place behind the last boundary of a ledger whose chain holds.
class BoundarySearch {
 public:
  explicit BoundarySearch(const crypto::SigningKey& key)
      : seen_{.signer = SignerState::first(key.public_key())} {}

  Status see(const core::DecodedEvent& row, std::uint64_t end) {
    const core::Event& event = row.event;
    seen_.head.size_bytes = end;
    ++seen_.head.rows;
    seen_.head.hash = event.event_hash;
    if (event.row_hash) seen_.head.row_hash = event.row_hash;
    if (event.signature) {
      const auto signature = parse_signature(event.signature->bytes);
      if (signature) seen_.signer.lineage = lineage_of(*signature);
    }
    if (is_boundary(event, row.raw_payload) ||
        hands_over_to(seen_.signer.key, event, row.raw_payload, row.payload_depth)) {
      found_ = seen_;
    }
    return {};
  }
  const std::optional<ChainPlace>& found() const { return found_; }

 private:
  ChainPlace seen_;
  std::optional<ChainPlace> found_;
};

// From the last boundary on, after a pass that met one and failed.
Result<SignedHistory> check_segment(const Question& question, Passed& whole) {
  BoundarySearch search(question.key);
  VerifyOptions options;
  options.on_row.emplace_back(
      [&search](const core::DecodedEvent& row, std::uint64_t end) { return search.see(row, end); });
  CORTEX_ASSIGN(const ChainReport chain,
                verify_chain(question.ledger, question.size_bytes, std::move(options)));
  SignedHistory history{.rows = chain.rows};
  if (!chain.closed() || !search.found()) {
    history.failure = chain.closed() ? whole.report.failures.front() : chain.failures.front();
    return history;
  }
  history.first_row = search.found()->head.rows + 1;
  VerifyOptions segment;
  segment.threads = verify_threads();
  segment.signed_chain = signed_by(question);
  segment.start = search.found();
  CORTEX_ASSIGN(whole.report,
                verify_chain(question.ledger, question.size_bytes, std::move(segment)));
  if (!whole.report.closed()) history.failure = whole.report.failures.front();
  return history;
}

Result<SignedHistory> check_whole(const Question& question, Passed& whole) {
  CORTEX_ASSIGN(whole, pass(question, std::nullopt, {}));
  if (!whole.report.closed() && whole.met_boundary) return check_segment(question, whole);
  SignedHistory history{.rows = whole.report.rows};
  if (!whole.report.closed()) history.failure = whole.report.failures.front();
  return history;
}

// The rows behind what was proven; nothing when they do not fit it.
Result<std::optional<SignedHistory>> check_tail(const Question& question,
                                                const ProvenPrefix& prefix, Passed& tail) {
  const std::uint64_t rows_known = prefix.end.head.rows;
  TileReader tiles(question.fs, sidecar_path(question.ledger.path()), rows_known);
  auto tree = tiles.builder(prefix.root);
  if (!tree.ok()) return std::optional<SignedHistory>();
  CORTEX_ASSIGN(tail, pass(question, prefix.end, std::move(tree).value()));
  const SignerState& signer = tail.report.end.signer;
  if (!tail.report.closed() || signer.key != question.key.public_key()) {
    return std::optional<SignedHistory>();
  }
  return std::optional(SignedHistory{
      .first_row = prefix.first_row, .rows = tail.report.rows, .rows_known = rows_known});
}

}  // namespace

Result<SignedHistory> check_signed_history(fs::FileSystem& fs, fs::File& ledger,
                                           std::uint64_t size_bytes, const crypto::SigningKey& key,
                                           const std::string& ledger_id,
                                           const std::string& standing, Random& random) {
  const Question question{fs, ledger, size_bytes, key, ledger_id};
  const auto binding = bind_prefix(fs, ledger, ledger_id, key.public_key(), standing);
  Passed passed;
  std::optional<SignedHistory> history;
  if (binding.ok()) {
    const auto prefix = read_proven_prefix(fs, ledger, *binding, key.public_key(), random);
    if (prefix && prefix->end.head.size_bytes <= size_bytes) {
      CORTEX_ASSIGN(history, check_tail(question, *prefix, passed));
    }
  }
  if (!history) {
    CORTEX_ASSIGN(history, check_whole(question, passed));
  }
  const ChainPlace& end = passed.report.end;
  if (binding.ok() && !history->failure && end.head.rows > 0 &&
      end.signer.key == key.public_key()) {
    const ProvenPrefix proven{end, history->first_row, passed.tree.root()};
    // Without it the next check takes longer, that is all.
    static_cast<void>(write_proven_prefix(fs, ledger, *binding, key, proven).ok());
  }
  return *std::move(history);
}

}  // namespace cortex::ledger
