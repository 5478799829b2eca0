// The mirror of the ledger in the store's `events` table. The ledger is the truth: the mirror may
// lag behind it, never lead it. What was mirrored is remembered in the private table
// `cortex_mirror` (offset, rows, head) and trusted only while the ledger row that ends at that
// offset still has that head; otherwise the whole ledger is gone through again.
//
// Cost: O(rows not mirrored yet), in one transaction, with one prepared statement.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/ulid.h"
#include "core/event.h"
#include "sqlite/connection.h"
#include "store/mirror_row.h"
#include "store/operation.h"

namespace cortex::store {

struct MirrorState {
  std::uint64_t offset_bytes = 0;
  std::uint64_t rows = 0;
  std::optional<std::string> head;
  std::optional<Ulid> max_id;  // the highest id among those rows, whatever the table holds
};

// What the store remembers; zero when it never mirrored anything.
Result<MirrorState> read_mirror_state(sqlite::Connection& db);
// True when the first offset_bytes of the ledger still end in the remembered head.
Result<bool> matches_ledger(const MirrorState& state, fs::File& ledger, std::uint64_t size_bytes);

// How far the store has mirrored a ledger of `size_bytes` that ends with the row `head`.
enum class MirrorFit : std::uint8_t {
  kWithin,        // not beyond its end
  kLacksNewline,  // all of its rows, and nothing but the newline behind the last one is gone
  kBeyond,        // rows that are not in the ledger any more
};
MirrorFit mirror_fit(const MirrorState& state, std::uint64_t size_bytes,
                     const std::optional<std::string>& head);
inline constexpr std::string_view kNewlineMissing =
    "the newline behind the last row is missing, and nothing else";
inline constexpr std::string_view kNewlineNext =
    "record something, which puts it back, or run `cortex doctor --repair`";

// Inserts ledger rows in order; used inside one open write transaction.
class MirrorWriter {
 public:
  // `projector` must outlive the writer.
  static Result<MirrorWriter> begin(sqlite::Connection& db, MirrorState from, Clock& clock,
                                    Projector& projector);
  // `payload`: the row's payload as it stands in the ledger. A row that the table holds already in
  // full is fine. One that differs is overwritten when its hashes do not recompute, else kept; both
  // are recorded in cortex_mirror_conflicts.
  Status add(const core::Event& event, std::string_view payload, std::uint64_t end_offset);
  Status finish();  // remembers the new state; the caller commits
  const MirrorState& state() const { return state_; }
  std::uint64_t added() const { return added_; }
  std::uint64_t conflicts() const { return conflicts_; }

 private:
  MirrorWriter(sqlite::Connection& db, MirrorState state, Clock& clock, Projector& projector,
               sqlite::Statement insert)
      : db_(&db),
        state_(std::move(state)),
        clock_(&clock),
        projector_(&projector),
        insert_(std::move(insert)) {}
  Status settle_conflict(const core::Event& event, std::string_view payload);
  Result<std::string> conflict_kind(const std::string& id, const std::string& event_hash);
  Status record_conflict(const std::string& id, const std::string& kind, const core::Event& event);

  sqlite::Connection* db_;
  MirrorState state_;
  Clock* clock_;
  Projector* projector_;
  sqlite::Statement insert_;
  MirrorRow row_;  // for its buffers
  std::uint64_t added_ = 0;
  std::uint64_t conflicts_ = 0;
};

// Mirrors what the first `size_bytes` of the ledger hold beyond the remembered state. Needs an open
// write transaction and the ledger's lock (shared or exclusive). Returns the writer, so that more
// rows can follow.
Result<MirrorWriter> catch_up(sqlite::Connection& db, fs::File& ledger, std::uint64_t size_bytes,
                              Clock& clock, Projector& projector);

}  // namespace cortex::store
