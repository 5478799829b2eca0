// Verification of the hash chain in two halves, so that stretches of a ledger can be checked on
// several threads (docs/formats.md, 7): ChunkCheck looks at the rows of one chunk knowing nothing
// of what comes before, ChainAssembler joins the results in order. The pure rules; reading files
// and threads are in verify.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/ulid.h"
#include "crypto/digest.h"
#include "ledger/chunk_reader.h"
#include "ledger/duplicates.h"
#include "ledger/erasure.h"
#include "ledger/head_file.h"
#include "ledger/row_cursor.h"
#include "ledger/signature_check.h"
#include "ledger/tlog/merkle.h"

namespace cortex::ledger {

struct Failure {
  std::uint64_t line = 0;       // ordinal of the non-blank row
  std::uint64_t file_line = 0;  // line of the file
  std::string event_id;
  std::string invariant;  // machine token or empty
  std::string reason;     // variant with its members, e.g. "HashBreak { which: ... }"
};

// What stands at a position that was asked for.
struct Position {
  std::uint64_t ordinal = 0;
  std::string event_hash;  // as stored
};

// How much of the ledger carries row hashes (chain.h).
struct Coverage {
  std::uint64_t rows = 0;       // that carry one
  std::uint64_t gaps = 0;       // rows without one behind the first that does
  std::uint64_t first_gap = 0;  // ordinal of the first of those, 0 for none
};

// A line border of a ledger with what the check of the rows behind it needs to know.
struct ChainPlace {
  LedgerHead head{};     // its hash is of the last row that takes part in the chain
  SignerState signer{};  // with VerifyOptions::signed_chain
};

struct ChainReport {
  std::uint64_t rows = 0;
  Coverage coverage;
  std::uint64_t failures_total = 0;
  std::vector<Failure> failures;  // the first limits::kFailuresShownMax of them
  std::optional<std::string> head;
  std::uint64_t old_rows = 0;                 // of schema version 1
  std::vector<std::uint64_t> boundary_lines;  // ordinals of boundary rows
  // Those of them that name another row than the one before them as the last row of v1.
  std::vector<std::uint64_t> misplaced_boundary_lines;
  DuplicateReport duplicates;
  // The key ids printed in signatures, each once; at most limits::kSignersMax. Nothing is verified
  // here.
  std::set<std::string, std::less<>> signers;
  // Those of VerifyOptions::positions that exist, ascending, each once.
  std::vector<Position> positions;
  SignedReport signatures;  // when VerifyOptions::signed_chain was given
  // Rows that were erased on purpose (erasure.h): no failures as long as an operation names them.
  std::uint64_t erased_rows = 0;
  std::vector<std::pair<std::uint64_t, Ulid>> erased;  // ordinal, id; as many as failures are shown
  std::uint64_t erasures_pending = 0;                  // rows that an operation names, not erased

  ChainPlace end;  // where the check of later rows would begin

  bool closed() const { return failures_total == 0; }
};

// What one chunk says about itself. Ordinals, lines and failures count from the chunk's start.
struct ChunkReport {
  // The first covered row: its hash can be checked when that of the one before is known.
  struct FirstCovered {
    std::uint64_t ordinal = 0;
    std::string hash;
    std::string body, canonical_body;  // as it stands, and written anew
    Failure mismatch;                  // place and id, in case it does not hold; no line: it failed
    std::size_t failures_before = 0;
  };
  struct Link {
    std::optional<std::string> prev;  // what the row names as its predecessor
    Failure orphan;                   // place and id, for the failure in case it is another one
    std::size_t failures_before = 0;  // where in `failures` it would stand
  };

  std::uint64_t rows = 0;
  std::uint64_t lines = 0;
  std::uint64_t failures_total = 0;
  std::vector<Failure> failures;
  std::optional<Link> first_link;        // first row that takes part in the chain
  std::optional<std::string> last_hash;  // event_hash of the last row that does
  std::optional<std::string> head;       // event_hash of the last row
  std::uint64_t old_rows = 0;
  std::vector<std::uint64_t> boundary_lines, misplaced_boundary_lines;
  std::vector<Ulid> ids;
  std::set<std::string, std::less<>> signers;
  std::vector<std::string> hashes;  // event_hash of every row, when positions are asked for
  std::optional<StretchSignatures> signatures;
  std::vector<TreeHash> leaves;                               // one a row, when asked for
  std::vector<std::pair<std::uint64_t, core::Event>> picked;  // by ordinal
  Coverage coverage;  // gaps behind the chunk's own first covered row
  std::uint64_t first_uncovered = 0;
  std::optional<FirstCovered> first_covered;
  std::optional<std::string> last_row_hash;
  std::vector<ErasedRow> erased;
  std::vector<ErasureRecord> erasures;
  std::optional<RowFault> fault;  // the rows end here
};

// Sees every row that decodes, in order, after its checks; `end` is the offset behind it.
using RowFunction = std::function<Status(const core::DecodedEvent& row, std::uint64_t end)>;

// Rows that somebody wants to see: told apart by any thread, at once, and handed over in order with
// the payload as it stands. `row` counts from 1.
using PickFunction = std::function<bool(const core::Event& event, std::string_view payload)>;
using PickedFunction = std::function<Status(std::uint64_t row, const core::Event& event)>;

// What a check does beside the chain itself.
struct ChunkOptions {
  const RowFunction* on_row = nullptr;
  bool keep_hashes = false;
  const SignedChain* signed_chain = nullptr;  // check the signatures too
  bool with_leaves = false;
  const PickFunction* pick = nullptr;
};

// Sees the leaf hash (tlog/merkle.h) of every row that decodes, in order; `row` counts from 1.
using LeafFunction =
    std::function<Status(std::uint64_t row, const TreeHash& leaf, const Ulid& event_id)>;

// One per thread: keeps its buffers from chunk to chunk.
class ChunkCheck {
 public:
  explicit ChunkCheck(ChunkOptions options = {});
  // The error is that of `on_row`; broken rows are in the report. `signer`: what is known or
  // assumed of the signatures before the chunk.
  Result<ChunkReport> check(const Chunk& chunk, const SignerState& signer = {});

 private:
  void add(const core::DecodedEvent& row);
  void check_links(const core::DecodedEvent& row);
  void add_boundary(const core::DecodedEvent& row);
  void check_payload(const core::DecodedEvent& row);
  void check_signature(const core::DecodedEvent& row);
  void check_coverage(const core::DecodedEvent& row, std::string_view line, bool is_sound);
  void pick(const core::DecodedEvent& row);
  void take_leaf(const core::DecodedEvent& row, std::string_view entry);
  void fail(const core::DecodedEvent& row, std::string_view invariant, std::string reason);
  std::string_view hash_of(std::string_view bytes);

  const ChunkOptions options_;
  std::optional<SignatureCheck> signatures_;
  ChunkReport report_;
  RowPlace place_;
  std::optional<ErasureMark> erased_;  // of the row at hand
  crypto::Blake3 hasher_;
  std::string preimage_;
  crypto::HexDigest hash_{};
};

class ChainAssembler {
 public:
  // `positions` and `signed_chain` as in VerifyOptions; the latter must outlive the object.
  explicit ChainAssembler(std::uint64_t ledger_bytes, std::vector<std::uint64_t> positions = {},
                          const SignedChain* signed_chain = nullptr, LeafFunction on_leaf = {},
                          PickedFunction on_picked = {});

  // The rows before `place` are known: before the first add(). Rows and lines of the report count
  // from the ledger's first row, repeated ids are not looked for.
  void begin_at(const ChainPlace& place);
  // What the next chunk's signatures follow.
  const SignerState& signer() const { return signer_; }
  // The next chunk was checked under assumptions that do not hold: check it again with signer().
  bool must_repeat(const ChunkReport& chunk) const;
  // Chunks in the order of the file. The error of a line that is no row.
  Status add(ChunkReport&& chunk);
  // May read the ledger again, see duplicates.h.
  Result<ChainReport> finish(fs::File& file, std::uint64_t size_bytes);

 private:
  // A failure that only shows when chunks are joined, and how many of its chunk's stand before it.
  struct Late {
    std::size_t failures_before = 0;
    Failure failure;
  };
  std::vector<Late> late_failures(ChunkReport& chunk);
  void add_coverage(const ChunkReport& chunk);
  Status pass_leaves(const ChunkReport& chunk);
  Status pass_picked(const ChunkReport& chunk);
  void take_erasures(ChunkReport& chunk);
  void settle_erasures();
  void append_failure(Failure failure);
  std::optional<Failure> take_signatures(StretchSignatures& signatures);
  void append_failures(ChunkReport& chunk, std::vector<Late> late);
  void take_positions(std::vector<std::string>& hashes);

  ChainReport report_;
  std::uint64_t lines_ = 0;
  std::vector<std::uint64_t> wanted_;  // ascending, each once
  std::size_t wanted_next_ = 0;
  std::optional<SignatureCheck> signatures_;
  SignerState signer_;
  std::optional<std::string> expected_prev_;
  std::optional<std::string> last_row_hash_;
  crypto::Blake3 hasher_;
  DuplicateFinder duplicates_;
  bool begun_inside_ = false;
  ErasureBooks erasures_;
  LeafFunction on_leaf_;
  PickedFunction on_picked_;
};

}  // namespace cortex::ledger
