// One snapshot of the search index: posting lists, records, forward rows, and documents that are
// searched without being indexed. Used inside one read transaction of the caller.
//
// Blobs are read when asked for; record blocks are kept, at most kBlocksMax of them. Bytes that no
// writer makes are an error with kCorruptToken. The work done is counted (Work), so that tests can
// hold it to account.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "retrieval/codec.h"
#include "retrieval/document.h"
#include "retrieval/index_schema.h"
#include "sqlite/connection.h"

namespace cortex::retrieval {

struct Work {
  std::uint64_t rows = 0;      // rows of the index that were read
  std::uint64_t postings = 0;  // postings that were decoded
};

// Where the documents of one term are.
struct TermList {
  struct Part {
    std::uint32_t segment = 0;          // place in segments()
    std::string postings;               // of short lists
    std::optional<ChunkList> chunks{};  // of long ones
  };
  Term term = 0;
  std::uint64_t df = 0;  // documents that hold it
  std::vector<Part> parts;
};

class IndexReader {
 public:
  // `state` nothing: an empty index, for stores that have none.
  static Result<IndexReader> open(sqlite::Connection& db, const std::optional<IndexState>& state);

  // Adds a document behind the indexed ones. Answers its number.
  Result<DocId> add_unindexed(const Document& document);

  DocId docs() const { return state_.docs; }
  std::uint64_t live() const { return state_.live; }
  float average_length() const;
  const std::vector<Segment>& segments() const { return segments_; }

  Result<TermList> find(Term term);
  // Calls fn(doc, count, length code) in order of documents. Chunks for which wanted(first doc,
  // last doc, chunk) says no are not read.
  template <class Wanted, class Fn>
  Status for_each(const TermList& list, Wanted&& wanted, Fn&& fn);

  // Reads the record blocks of `docs` that are not kept yet, with one query.
  Status load_records(std::span<const DocId> docs);
  // The pointer is good until the next call.
  Result<const DocRecord*> record(DocId doc);
  // Memories whose indexed text is out of date: their documents do not count any more.
  void hide_memory(std::int64_t ref) { hidden_.insert(static_cast<std::uint32_t>(ref)); }
  bool is_hidden(DocId doc, const DocRecord& record) const {
    return doc <= stored_docs_ && record.kind == Kind::kMemory && hidden_.contains(record.ref);
  }
  Status forward(DocId doc, std::uint16_t& length, std::vector<DocTerm>& terms);
  Result<std::uint32_t> session_id(std::string_view name);
  // Ids of the sources that `name` names: all of a type ("tool"), one ("tool:git", "git").
  Result<std::vector<std::uint32_t>> source_ids(std::string_view name);
  Result<std::string> name(std::uint32_t id);
  Work& work() { return work_; }

 private:
  static constexpr std::size_t kBlocksMax = 8192;
  struct TailEntry {
    Term term = 0;
    DocId doc = 0;
    std::uint32_t next = 0;  // 1 + place of the next entry of the same slot
    std::uint8_t count = 0, length = 0;
  };
  struct Unindexed {
    DocRecord record;
    std::uint16_t length = 0;
    std::vector<DocTerm> terms;
  };

  explicit IndexReader(sqlite::Connection& db) : db_(&db) {}
  Status load_tail();
  Status load_deleted();
  void index_tail();
  void push_tail(DocId doc, std::uint16_t length, std::span<const DocTerm> terms);
  Result<sqlite::Statement*> statement(std::size_t which);
  Status read_chunk(std::int64_t row, std::string& out);
  Result<const std::vector<DocRecord>*> block(DocId number);
  Status keep_block(DocId number, std::span<const std::byte> bytes);
  Result<std::uint32_t> name_or_new(int kind, const std::string& name);
  Result<DocId> join_session(std::uint32_t session, DocId doc);
  Result<std::uint32_t> name_id(int kind, std::string_view name);

  sqlite::Connection* db_;
  IndexState state_;
  std::vector<Segment> segments_;
  std::vector<TailEntry> tail_;
  std::vector<std::uint32_t> tail_heads_;
  bool tail_indexed_ = false;
  DocId stored_docs_ = 0;  // documents above are unindexed ones
  std::vector<Unindexed> unindexed_;
  std::unordered_map<std::string, std::uint32_t> new_names_;  // behind one digit, the kind
  std::unordered_map<std::uint32_t, DocId> new_last_;
  std::unordered_map<Term, std::uint64_t> deleted_;
  std::unordered_set<std::uint32_t> hidden_;
  std::unordered_map<DocId, std::vector<DocRecord>> blocks_;
  std::vector<std::optional<sqlite::Statement>> statements_;
  std::string chunk_;
  Work work_;
};

template <class Wanted, class Fn>
Status IndexReader::for_each(const TermList& list, Wanted&& wanted, Fn&& fn) {
  for (const TermList::Part& part : list.parts) {
    const DocId first = segments_[part.segment].first;
    const DocId size = segments_[part.segment].size();
    bool inside = true;
    const auto take = [&](std::uint32_t local, std::uint8_t count, std::uint8_t length) {
      ++work_.postings;
      if (local >= size) {
        inside = false;
        return;
      }
      fn(first + local, count, length);
    };
    const auto bytes = [](const std::string& text) {
      return std::as_bytes(std::span(text.data(), text.size()));
    };
    bool sound = true;
    if (!part.chunks) {
      sound = read_postings(bytes(part.postings), 0, take);
    } else {
      std::uint32_t before = 0;
      for (std::size_t i = 0; i < part.chunks->chunks.size() && sound; ++i) {
        const Chunk& chunk = part.chunks->chunks[i];
        if (wanted(first + before, first + chunk.last, chunk)) {
          CORTEX_TRY(read_chunk(part.chunks->first_row + static_cast<std::int64_t>(i), chunk_));
          sound = read_postings(bytes(chunk_), before, take);
        }
        before = chunk.last;
      }
    }
    if (!sound || !inside) return corrupt_index("a posting list is unreadable");
  }
  index_tail();
  if (tail_heads_.empty()) return {};
  std::uint32_t at = tail_heads_[list.term & (tail_heads_.size() - 1)];
  for (; at != 0; at = tail_[at - 1].next) {
    const TailEntry& entry = tail_[at - 1];
    if (entry.term != list.term) continue;
    ++work_.postings;
    fn(entry.doc, entry.count, entry.length);
  }
  return {};
}

}  // namespace cortex::retrieval
