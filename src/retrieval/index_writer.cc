#include "retrieval/index_writer.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "retrieval/document.h"
#include "retrieval/document_feed.h"
#include "retrieval/segment_builder.h"
#include "retrieval/segment_merge.h"
#include "retrieval/store_rows.h"
#include "retrieval/vector_index.h"

namespace cortex::retrieval {
namespace {

Bytes blob_of(const std::string& bytes) {
  return std::as_bytes(std::span(bytes.data(), bytes.size()));
}

// Record blocks that were changed, written when there are many and at the end.
class BlockCache {
 public:
  explicit BlockCache(sqlite::Connection& db) : db_(db) {}

  // The place of a document's record, for reading and writing.
  Result<std::byte*> at(DocId doc) {
    const DocId block = (doc - 1) / kBlockDocs;
    auto found = blocks_.find(block);
    if (found == blocks_.end()) {
      if (blocks_.size() >= kCached) {
        CORTEX_TRY(flush());
      }
      CORTEX_ASSIGN(auto bytes, load(block));
      found = blocks_.emplace(block, std::move(bytes)).first;
    }
    return found->second.data() + (doc - 1) % kBlockDocs * kRecordBytes;
  }

  Status flush() {
    CORTEX_ASSIGN(auto save, db_.prepare("INSERT OR REPLACE INTO cortex_recall_blocks(block, data)"
                                         " VALUES(?1,?2)"));
    for (const auto& [block, bytes] : blocks_) {
      CORTEX_TRY(save.bind_all(block, Bytes(bytes)));
      CORTEX_TRY(save.run());
    }
    blocks_.clear();
    return {};
  }

 private:
  static constexpr std::size_t kCached = 1024;

  Result<std::vector<std::byte>> load(DocId block) {
    std::vector<std::byte> bytes(kBlockDocs * kRecordBytes);
    if (!load_) {
      CORTEX_ASSIGN(load_, db_.prepare("SELECT data FROM cortex_recall_blocks WHERE block = ?1"));
    }
    load_->reset();
    CORTEX_TRY(load_->bind_all(block));
    CORTEX_ASSIGN(const bool found, load_->step());
    if (found) {
      const Bytes stored = load_->column_blob(0);
      if (stored.size() != bytes.size()) return corrupt_index("a record block has another size");
      std::ranges::copy(stored, bytes.begin());
    }
    load_->reset();
    return bytes;
  }

  sqlite::Connection& db_;
  std::optional<sqlite::Statement> load_;
  std::map<DocId, std::vector<std::byte>> blocks_;
};

// Names of sessions and sources, and the last document of each session.
class NameCache {
 public:
  enum class NameKind { kSession = 0, kSource = 1 };
  struct Name {
    std::uint32_t id = 0;
    DocId last_doc = 0;
    bool changed = false;
  };

  explicit NameCache(sqlite::Connection& db) : db_(db) {}

  Result<Name*> get(NameKind kind, const std::string& name) {
    auto& names = kind == NameKind::kSession ? sessions_ : sources_;
    if (const auto found = names.find(name); found != names.end()) return &found->second;
    if (names.size() >= kCached) {
      CORTEX_TRY(flush());
      names.clear();
    }
    CORTEX_ASSIGN(const Name row, find_or_add(kind, name));
    return &names.emplace(name, row).first->second;
  }

  Status flush() {
    CORTEX_ASSIGN(auto save,
                  db_.prepare("UPDATE cortex_recall_names SET last_doc = ?2 WHERE id = ?1"));
    for (auto& [name, row] : sessions_) {
      if (!std::exchange(row.changed, false)) continue;
      CORTEX_TRY(save.bind_all(row.id, row.last_doc));
      CORTEX_TRY(save.run());
    }
    return {};
  }

 private:
  static constexpr std::size_t kCached = 65'536;

  Result<Name> find_or_add(NameKind kind, const std::string& name) {
    if (!find_) {
      CORTEX_ASSIGN(find_, db_.prepare("SELECT id, last_doc FROM cortex_recall_names WHERE kind ="
                                       " ?1 AND name = ?2"));
      CORTEX_ASSIGN(add_, db_.prepare("INSERT INTO cortex_recall_names(kind, name) VALUES(?1,?2)"
                                      " RETURNING id, last_doc"));
    }
    for (auto* statement : {&*find_, &*add_}) {
      statement->reset();
      CORTEX_TRY(statement->bind_all(static_cast<int>(kind), name));
      CORTEX_ASSIGN(const bool found, statement->step());
      const Name row{static_cast<std::uint32_t>(statement->column_int(0)),
                     static_cast<DocId>(statement->column_int(1)), false};
      statement->reset();
      if (found) return row;
    }
    return corrupt_index("a name can neither be found nor added");
  }

  sqlite::Connection& db_;
  std::optional<sqlite::Statement> find_, add_;
  std::unordered_map<std::string, Name> sessions_, sources_;
};

class IndexWriter {
 public:
  IndexWriter(sqlite::Connection& db, IndexState state)
      : db_(db), state_(state), blocks_(db), names_(db) {}

  Result<UpdateReport> run() {
    CORTEX_ASSIGN(insert_doc_,
                  db_.prepare("INSERT INTO cortex_recall_docs(doc, terms) VALUES(?1,?2)"));
    CORTEX_TRY(add_events());
    CORTEX_TRY(add_memories());
    CORTEX_TRY(blocks_.flush());
    CORTEX_TRY(names_.flush());
    if (state_.docs - state_.sealed >= kTailDocs) {
      CORTEX_TRY(seal());
    }
    CORTEX_TRY(write_index_state(db_, state_));
    return report_;
  }

 private:
  Status add_events() {
    CORTEX_ASSIGN(auto select, db_.prepare(cat("SELECT ", kEventRowColumns,
                                               " FROM events WHERE rowid > ?1 ORDER BY rowid")));
    CORTEX_TRY(select.bind_all(state_.events_rowid));
    DocumentFeed documents(maker_, [this](const Document& document) {
      ++report_.events;
      return add(document);
    });
    for (;;) {
      CORTEX_ASSIGN(const bool more, select.step());
      if (!more) return documents.finish();
      const EventRow row = event_row(select);
      state_.events_rowid = row.rowid;
      if (is_operation(row)) continue;
      CORTEX_TRY(documents.add(row));
    }
  }

  Status add_memories() {
    CORTEX_ASSIGN(const std::int64_t pending,
                  db_.query_int("SELECT count(*) FROM cortex_recall_pending"));
    if (pending == 0) return {};
    CORTEX_ASSIGN(auto select,
                  db_.prepare(cat(
                      "SELECT p.ref, ", kMemoryRowColumns,
                      ", k.doc FROM cortex_recall_pending p LEFT JOIN memories m ON m.rowid = "
                      "p.ref LEFT JOIN cortex_recall_memories k ON k.ref = p.ref ORDER BY p.ref")));
    CORTEX_ASSIGN(auto known, db_.prepare("INSERT OR REPLACE INTO cortex_recall_memories(ref, doc)"
                                          " VALUES(?1,?2)"));
    CORTEX_ASSIGN(auto gone, db_.prepare("DELETE FROM cortex_recall_memories WHERE ref = ?1"));
    for (;;) {
      CORTEX_ASSIGN(const bool more, select.step());
      if (!more) break;
      ++report_.memories;
      const std::int64_t ref = select.column_int(0);
      const auto doc = static_cast<DocId>(select.column_int(6));
      if (select.is_null(1)) {
        if (doc != 0) CORTEX_TRY(take_out(doc));
        CORTEX_TRY(gone.bind_all(ref));
        CORTEX_TRY(gone.run());
        continue;
      }
      const MemoryRow row = memory_row(select, 1);
      const Document& made = maker_.make(row);
      if (doc != 0) {
        CORTEX_ASSIGN(const bool same, keep_if_same(doc, made, row.claim));
        if (same) continue;
        CORTEX_TRY(take_out(doc));
      }
      CORTEX_TRY(add(made));
      CORTEX_TRY(known.bind_all(ref, state_.docs));
      CORTEX_TRY(known.run());
    }
    return db_.exec("DELETE FROM cortex_recall_pending");
  }

  Status add(const Document& document) {
    const std::string forward = write_forward(document.length, document.terms);
    const DocId doc = ++state_.docs;
    CORTEX_TRY(insert_doc_->bind_all(doc, blob_of(forward)));
    CORTEX_TRY(insert_doc_->run());
    DocRecord record = record_of(document);
    CORTEX_ASSIGN(const auto* source, names_.get(NameCache::NameKind::kSource, document.source));
    record.source = source->id;
    if (!document.session.empty()) {
      CORTEX_ASSIGN(auto* session, names_.get(NameCache::NameKind::kSession, document.session));
      record.session = session->id;
      record.prev = std::exchange(session->last_doc, doc);
      session->changed = true;
    }
    if (record.prev != 0) {
      CORTEX_TRY(link(record.prev, doc));
    }
    CORTEX_ASSIGN(std::byte * place, blocks_.at(doc));
    write_record(record, place);
    ++state_.live;
    state_.total_length += record.length;
    return {};
  }

  Status link(DocId from, DocId to) {
    if (from >= to) return corrupt_index("a session ends behind its end");
    CORTEX_ASSIGN(std::byte * place, blocks_.at(from));
    DocRecord record = read_record(place);
    record.next = to;
    write_record(record, place);
    return {};
  }

  // True when the terms are as they were, and the vector, if there is one, is of this claim; a
  // change of state alone is noted in the record.
  Result<bool> keep_if_same(DocId doc, const Document& made, std::string_view claim) {
    CORTEX_ASSIGN(auto select, db_.prepare("SELECT terms FROM cortex_recall_docs WHERE doc = ?1"));
    CORTEX_TRY(select.bind_all(doc));
    CORTEX_ASSIGN(const bool found, select.step());
    if (!found) return corrupt_index("a memory has no forward row");
    const std::string forward = write_forward(made.length, made.terms);
    if (!std::ranges::equal(select.column_blob(0), blob_of(forward))) return false;
    CORTEX_ASSIGN(const bool stale, has_stale_vector(db_, doc, claim));
    if (stale) return false;
    CORTEX_ASSIGN(std::byte * place, blocks_.at(doc));
    DocRecord record = read_record(place);
    record.flags = made.flags;
    write_record(record, place);
    return true;
  }

  // The document stays where it is, marked; its terms are subtracted by readers.
  Status take_out(DocId doc) {
    CORTEX_ASSIGN(std::byte * place, blocks_.at(doc));
    DocRecord record = read_record(place);
    if ((record.flags & kFlagDeleted) != 0) return {};
    record.flags |= kFlagDeleted;
    write_record(record, place);
    --state_.live;
    state_.total_length -= std::min<std::uint64_t>(state_.total_length, record.length);
    CORTEX_ASSIGN(auto note, db_.prepare("INSERT OR IGNORE INTO cortex_recall_deleted VALUES(?1)"));
    CORTEX_TRY(note.bind_all(doc));
    return note.run();
  }

  Result<std::int64_t> free_segment_id() {
    CORTEX_ASSIGN(const std::int64_t last,
                  db_.query_int("SELECT ifnull(max(id), 0) FROM cortex_recall_segments"));
    if (last < kSegmentIdMax) return last + 1;
    return db_.query_int(
        "SELECT min(a.id) + 1 FROM cortex_recall_segments a WHERE NOT EXISTS"
        " (SELECT 1 FROM cortex_recall_segments b WHERE b.id = a.id + 1)");
  }

  // Makes segments of the forward rows first..last.
  Status build(DocId first, DocId last) {
    CORTEX_ASSIGN(auto select, db_.prepare("SELECT doc, terms FROM cortex_recall_docs WHERE doc"
                                           " BETWEEN ?1 AND ?2 ORDER BY doc"));
    CORTEX_TRY(select.bind_all(first, last));
    std::vector<DocTerm> terms;
    constexpr DocId kMany = 16 * kTailDocs;
    if (last - first >= kMany) builder_.reserve(kBuildPostings);
    builder_.start(first);
    for (DocId doc = first; doc <= last; ++doc) {
      CORTEX_ASSIGN(const bool more, select.step());
      std::uint16_t length = 0;
      if (!more || select.column_int(0) != doc ||
          !read_forward(select.column_blob(1), length, terms)) {
        return corrupt_index("a forward row is missing or unreadable");
      }
      const bool full =
          builder_.postings() + terms.size() > kBuildPostings || builder_.size() == kBuildDocs;
      if (full && builder_.size() > 0) {
        CORTEX_TRY(write_segment());
      }
      builder_.add(length, terms);
    }
    return write_segment();
  }

  Status write_segment() {
    CORTEX_ASSIGN(const std::int64_t id, free_segment_id());
    CORTEX_TRY(builder_.write(db_, id));
    return merge();
  }

  Status seal() {
    CORTEX_TRY(build(state_.sealed + 1, state_.docs));
    state_.sealed = state_.docs;
    return {};
  }

  // Size class: documents in fours of kTailDocs.
  static int tier(const Segment& segment) {
    return static_cast<int>(std::bit_width(segment.size() / kTailDocs)) / 2;
  }

  // Four of a size become one.
  Status merge() {
    constexpr std::size_t kFanIn = 4;
    for (;;) {
      CORTEX_ASSIGN(const auto segments, read_segments(db_));
      if (segments.size() < kFanIn) return {};
      const std::span<const Segment> last(segments.end() - kFanIn, segments.end());
      const bool even =
          std::ranges::all_of(last, [&](const Segment& s) { return tier(s) <= tier(last.back()); });
      if (!even || last.back().last - last.front().first >= kSegmentDocsMax) return {};
      CORTEX_ASSIGN(const std::int64_t id, free_segment_id());
      CORTEX_TRY(merge_segments(db_, last, id));
    }
  }

  sqlite::Connection& db_;
  IndexState state_;
  BlockCache blocks_;
  NameCache names_;
  std::optional<sqlite::Statement> insert_doc_;
  DocumentMaker maker_;
  SegmentBuilder builder_;
  UpdateReport report_;
};

}  // namespace

Result<UpdateReport> rebuild_index(sqlite::Connection& db) {
  CORTEX_TRY(reset_index(db));
  CORTEX_ASSIGN(auto report, IndexWriter(db, IndexState{}).run());
  report.rebuilt = true;
  return report;
}

Result<UpdateReport> update_index(sqlite::Connection& db) {
  CORTEX_ASSIGN(const auto state, read_index_state(db));
  if (!state) return rebuild_index(db);
  CORTEX_ASSIGN(const std::int64_t deleted,
                db.query_int("SELECT count(*) FROM cortex_recall_deleted"));
  if (static_cast<std::size_t>(deleted) > kDeletedMax) return rebuild_index(db);
  auto report = IndexWriter(db, *state).run();
  if (report.ok() || report.error().token != kCorruptToken) return report;
  return rebuild_index(db);
}

}  // namespace cortex::retrieval
