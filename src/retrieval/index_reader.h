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
#include <utility>
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
    std::uint32_t segment = 0;  // place in segments()
    std::string postings;
  };
  Term term = 0;
  std::uint64_t df = 0;  // documents that hold it, deleted ones not counted
  std::vector<Part> parts;
};

class IndexReader {
 public:
  // `state` nothing: an empty index, for stores that have none.
  static Result<IndexReader> open(sqlite::Connection& db, const std::optional<IndexState>& state);

  // Adds a document behind the indexed ones. Answers its number.
  Result<DocId> add_unindexed(const Document& document);

  DocId docs() const { return state_.docs; }
  // Those that the index holds; documents above are unindexed ones.
  DocId indexed() const { return stored_docs_; }
  std::uint64_t live() const { return state_.live; }
  float average_length() const;
  const std::vector<Segment>& segments() const { return segments_; }

  // Gives up, with `df` alone, when more than `most` documents hold the term.
  Result<TermList> find(Term term, std::uint64_t most = ~std::uint64_t{0});
  // Calls fn(PostingBlock) in order of documents.
  template <class Fn>
  Status for_each(const TermList& list, Fn&& fn);

  // The pointer is good until the next call.
  Result<const DocRecord*> record(DocId doc);
  // Memories whose indexed text is out of date: their documents do not count any more.
  void hide_memory(std::int64_t ref) { hidden_.insert(static_cast<std::uint32_t>(ref)); }
  bool is_hidden(DocId doc, const DocRecord& record) const {
    return doc <= stored_docs_ && record.kind == Kind::kMemory && hidden_.contains(record.ref);
  }
  Status forward(DocId doc, std::uint16_t& length, std::vector<DocTerm>& terms);
  Result<std::uint32_t> session_id(std::string_view name);
  // The documents of a session in ascending order. O(their number).
  Result<std::vector<DocId>> session_docs(std::uint32_t session);
  // Ids of the sources that `name` names: all of a type ("tool"), one ("tool:git", "git").
  Result<std::vector<std::uint32_t>> source_ids(std::string_view name);
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
  template <class Fn>
  void for_each_in_tail(Term term, Fn&& fn);
  std::uint64_t count_tail(Term term);
  std::uint64_t count_deleted(Term term) const;
  Result<std::byte*> stored_record(DocId doc);
  Result<std::uint32_t> name_or_new(int kind, const std::string& name);
  Result<DocId> last_of(std::uint32_t session);
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
  std::unordered_map<DocId, std::vector<std::byte>> blocks_;
  DocId near_number_ = 0;  // the block asked for last: the next question is mostly about it
  std::byte* near_ = nullptr;
  DocRecord record_;
  std::vector<std::optional<sqlite::Statement>> statements_;
  PostingBlock postings_;
  Work work_;
};

template <class Fn>
Status IndexReader::for_each(const TermList& list, Fn&& fn) {
  for (const TermList::Part& part : list.parts) {
    const Segment& segment = segments_[part.segment];
    PostingReader reader(std::as_bytes(std::span(part.postings.data(), part.postings.size())),
                         segment.first, segment.size());
    while (reader.next(postings_)) {
      work_.postings += postings_.size;
      fn(std::as_const(postings_));
    }
    if (!reader.ok()) return corrupt_index("a posting list is unreadable");
  }
  for_each_in_tail(list.term, fn);
  return {};
}

template <class Fn>
void IndexReader::for_each_in_tail(Term term, Fn&& fn) {
  index_tail();
  if (tail_heads_.empty()) return;
  postings_.size = 0;
  const auto flush = [&] {
    work_.postings += postings_.size;
    if (postings_.size > 0) fn(std::as_const(postings_));
    postings_.size = 0;
  };
  std::uint32_t at = tail_heads_[term & (tail_heads_.size() - 1)];
  for (; at != 0; at = tail_[at - 1].next) {
    const TailEntry& entry = tail_[at - 1];
    if (entry.term != term) continue;
    postings_.docs[postings_.size] = entry.doc;
    postings_.counts[postings_.size] = entry.count;
    postings_.lengths[postings_.size] = entry.length;
    if (++postings_.size == kBlockPostings) flush();
  }
  flush();
}

}  // namespace cortex::retrieval
