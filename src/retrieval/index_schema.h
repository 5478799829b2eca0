// The tables of the search index inside the store: private, rebuildable, never the truth
// (docs/formats.md, "Search index").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "retrieval/codec.h"
#include "sqlite/connection.h"

namespace cortex::retrieval {

// Version of the tables and of the bytes in them.
inline constexpr int kIndexFormat = 3;
// Token of errors that say that the index is not what a writer makes; a rebuild mends it.
inline constexpr std::string_view kCorruptToken = "recall.index.corrupt";
Error corrupt_index(std::string_view what);

// The one row of cortex_recall.
struct IndexState {
  DocId docs = 0;                  // highest document number
  DocId sealed = 0;                // documents up to here lie in segments
  std::uint64_t live = 0;          // documents that are not deleted
  std::uint64_t total_length = 0;  // of the live ones
  std::int64_t events_rowid = 0;   // events up to here are indexed
};

struct Segment {
  std::int64_t id = 0;
  DocId first = 0, last = 0;  // documents, both included
  std::uint64_t postings = 0;

  DocId size() const { return last - first + 1; }
};

// Documents of a segment at most: its merging, within a write, stays below some seconds.
inline constexpr DocId kSegmentDocsMax = 1U << 20U;
// Row of a segment's term in cortex_recall_terms.
constexpr std::int64_t term_row(std::int64_t segment, Term term) {
  return segment << kTermBits | static_cast<std::int64_t>(term);
}
inline constexpr std::int64_t kSegmentIdMax = (std::int64_t{1} << (63 - kTermBits)) - 1;

// Nothing when there is no index, or one of another version.
Result<std::optional<IndexState>> read_index_state(sqlite::Connection& db);
Status write_index_state(sqlite::Connection& db, const IndexState& state);
Result<std::vector<Segment>> read_segments(sqlite::Connection& db);
Status write_segment_row(sqlite::Connection& db, const Segment& segment);
// Drops what is there and creates empty tables and the triggers that notice foreign changes. Needs
// a write transaction.
Status reset_index(sqlite::Connection& db);

// What the store holds that the index does not: asked without reading any of it.
struct Backlog {
  bool missing = false;       // no index, or one of another version
  std::int64_t events = 0;    // events with a higher rowid than the index knows
  std::int64_t memories = 0;  // memories changed since

  bool any() const { return missing || events > 0 || memories > 0; }
};
Result<Backlog> read_backlog(sqlite::Connection& db);

}  // namespace cortex::retrieval
