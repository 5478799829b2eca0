#include "retrieval/index_reader.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "base/text.h"

namespace cortex::retrieval {
namespace {

enum Query : std::size_t { kTermQuery, kBlockQuery, kForwardQuery, kNameQuery, kQueries };
constexpr std::array<std::string_view, kQueries> kSql{
    "SELECT df, postings FROM cortex_recall_terms WHERE id = ?1",
    "SELECT data FROM cortex_recall_blocks WHERE block = ?1",
    "SELECT terms FROM cortex_recall_docs WHERE doc = ?1",
    "SELECT id FROM cortex_recall_names WHERE kind = ?1 AND name = ?2"};

// Ids of names that only unindexed documents have.
constexpr std::uint32_t kFirstNewName = 1U << 31U;

void assign(std::string& out, Bytes bytes) {
  out.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace

Result<IndexReader> IndexReader::open(sqlite::Connection& db,
                                      const std::optional<IndexState>& state) {
  IndexReader reader(db);
  reader.statements_.resize(kQueries);
  if (!state) return reader;
  reader.state_ = *state;
  reader.stored_docs_ = state->docs;
  CORTEX_ASSIGN(reader.segments_, read_segments(db));
  const DocId sealed = reader.segments_.empty() ? 0 : reader.segments_.back().last;
  if (sealed != state->sealed || state->sealed > state->docs) {
    return corrupt_index("its segments end elsewhere than it says");
  }
  CORTEX_TRY(reader.load_tail());
  CORTEX_TRY(reader.load_deleted());
  return reader;
}

void IndexReader::push_tail(DocId doc, std::uint16_t length, std::span<const DocTerm> terms) {
  const std::uint8_t code = encode_length(length);
  for (const DocTerm& t : terms) tail_.push_back({t.term, doc, 0, t.count, code});
  tail_indexed_ = false;
}

Status IndexReader::load_tail() {
  CORTEX_ASSIGN(auto select, db_->prepare("SELECT doc, terms FROM cortex_recall_docs WHERE doc >"
                                          " ?1 ORDER BY doc"));
  CORTEX_TRY(select.bind_all(state_.sealed));
  std::vector<DocTerm> terms;
  DocId expected = state_.sealed;
  for (;;) {
    CORTEX_ASSIGN(const bool more, select.step());
    if (!more) break;
    std::uint16_t length = 0;
    ++work_.rows;
    if (select.column_int(0) != ++expected || !read_forward(select.column_blob(1), length, terms)) {
      return corrupt_index("a forward row is missing or unreadable");
    }
    push_tail(expected, length, terms);
  }
  if (expected != state_.docs) return corrupt_index("forward rows are missing");
  return {};
}

Status IndexReader::load_deleted() {
  CORTEX_ASSIGN(auto select, db_->prepare("SELECT d.doc, f.terms FROM cortex_recall_deleted d LEFT"
                                          " JOIN cortex_recall_docs f ON f.doc = d.doc"));
  std::vector<DocTerm> terms;
  for (;;) {
    CORTEX_ASSIGN(const bool more, select.step());
    if (!more) return {};
    std::uint16_t length = 0;
    if (select.is_null(1) || !read_forward(select.column_blob(1), length, terms)) {
      return corrupt_index("a forward row is missing or unreadable");
    }
    for (const DocTerm& t : terms) ++deleted_[t.term];
  }
}

// Chains the entries of the tail by term, each chain in order of documents.
void IndexReader::index_tail() {
  if (tail_indexed_) return;
  tail_indexed_ = true;
  tail_heads_.assign(tail_.empty() ? 0 : std::bit_ceil(2 * tail_.size()), 0);
  if (tail_.empty()) return;
  const std::size_t mask = tail_heads_.size() - 1;
  for (std::size_t i = tail_.size(); i-- > 0;) {
    std::uint32_t& head = tail_heads_[tail_[i].term & mask];
    tail_[i].next = head;
    head = static_cast<std::uint32_t>(i) + 1;
  }
}

// The id of a name, a new one when the index does not know it.
Result<std::uint32_t> IndexReader::name_or_new(int kind, const std::string& name) {
  CORTEX_ASSIGN(const std::uint32_t known, name_id(kind, name));
  if (known != 0) return known;
  const auto next = kFirstNewName + static_cast<std::uint32_t>(new_names_.size());
  return new_names_.emplace(cat(kind, name), next).first->second;
}

Result<DocId> IndexReader::last_of(std::uint32_t session) {
  if (const auto added = new_last_.find(session); added != new_last_.end()) return added->second;
  if (session >= kFirstNewName) return DocId{0};
  CORTEX_ASSIGN(
      const std::int64_t stored,
      db_->query_int(cat("SELECT last_doc FROM cortex_recall_names WHERE id = ", session)));
  if (stored < 0 || stored > stored_docs_) return corrupt_index("a session ends nowhere");
  return static_cast<DocId>(stored);
}

Result<std::vector<DocId>> IndexReader::session_docs(std::uint32_t session) {
  std::vector<DocId> docs;
  CORTEX_ASSIGN(DocId doc, last_of(session));
  while (doc != 0) {
    if (!docs.empty() && doc >= docs.back()) return corrupt_index("a session runs in a circle");
    docs.push_back(doc);
    CORTEX_ASSIGN(const DocRecord* found, record(doc));
    doc = found->prev;
  }
  std::ranges::reverse(docs);
  return docs;
}

// Makes `doc` the last one of the session and answers the one before it.
Result<DocId> IndexReader::join_session(std::uint32_t session, DocId doc) {
  CORTEX_ASSIGN(const DocId before, last_of(session));
  new_last_[session] = doc;
  if (before > stored_docs_) {
    unindexed_[before - stored_docs_ - 1].record.next = doc;
  } else if (before != 0) {
    CORTEX_ASSIGN(std::byte * place, stored_record(before));
    DocRecord record = read_record(place);
    record.next = doc;
    write_record(record, place);
  }
  return before;
}

Result<DocId> IndexReader::add_unindexed(const Document& document) {
  Unindexed added{record_of(document), document.length, document.terms};
  const DocId doc = state_.docs + 1;
  CORTEX_ASSIGN(added.record.source, name_or_new(1, document.source));
  if (!document.session.empty()) {
    CORTEX_ASSIGN(added.record.session, name_or_new(0, document.session));
    CORTEX_ASSIGN(added.record.prev, join_session(added.record.session, doc));
  }
  state_.docs = doc;
  push_tail(doc, document.length, document.terms);
  unindexed_.push_back(std::move(added));
  ++state_.live;
  state_.total_length += document.length;
  return doc;
}

float IndexReader::average_length() const {
  if (state_.live == 0) return 1.0F;
  return std::max(1.0F, static_cast<float>(static_cast<double>(state_.total_length) /
                                           static_cast<double>(state_.live)));
}

Result<sqlite::Statement*> IndexReader::statement(std::size_t which) {
  std::optional<sqlite::Statement>& slot = statements_[which];
  if (!slot) {
    CORTEX_ASSIGN(slot, db_->prepare(kSql.at(which)));
  }
  slot->reset();
  return &*slot;
}

std::uint64_t IndexReader::count_tail(Term term) {
  index_tail();
  std::uint64_t documents = 0;
  if (tail_heads_.empty()) return documents;
  std::uint32_t at = tail_heads_[term & (tail_heads_.size() - 1)];
  for (; at != 0; at = tail_[at - 1].next) {
    if (tail_[at - 1].term == term) ++documents;
  }
  return documents;
}

std::uint64_t IndexReader::count_deleted(Term term) const {
  const auto gone = deleted_.find(term);
  return gone == deleted_.end() ? 0 : gone->second;
}

Result<TermList> IndexReader::find(Term term, std::uint64_t most) {
  TermList list{term, count_tail(term), {}};
  const std::uint64_t deleted = count_deleted(term);
  const auto live = [&] { return list.df - std::min(list.df, deleted); };
  if (segments_.empty()) {  // and perhaps no table
    list.df = live();
    return list;
  }
  CORTEX_ASSIGN(sqlite::Statement * select, statement(kTermQuery));
  for (std::uint32_t i = 0; i < segments_.size() && live() <= most; ++i) {
    select->reset();
    CORTEX_TRY(select->bind_all(term_row(segments_[i].id, term)));
    CORTEX_ASSIGN(const bool found, select->step());
    if (!found) continue;
    ++work_.rows;
    list.df += static_cast<std::uint64_t>(select->column_int(0));
    if (live() > most) break;
    assign(list.parts.emplace_back(i, std::string()).postings, select->column_blob(1));
  }
  select->reset();
  list.df = live();
  return list;
}

// The bytes of a record that the index holds, which stay where they are until the next call.
Result<std::byte*> IndexReader::stored_record(DocId doc) {
  const DocId number = (doc - 1) / kBlockDocs;
  const std::size_t offset = (doc - 1) % kBlockDocs * kRecordBytes;
  if (near_ != nullptr && near_number_ == number) return near_ + offset;
  auto kept = blocks_.find(number);
  if (kept == blocks_.end()) {
    if (blocks_.size() >= kBlocksMax && unindexed_.empty()) {
      blocks_.clear();
      near_ = nullptr;
    }
    CORTEX_ASSIGN(sqlite::Statement * select, statement(kBlockQuery));
    CORTEX_TRY(select->bind_all(number));
    CORTEX_ASSIGN(const bool found, select->step());
    const Bytes bytes = found ? select->column_blob(0) : Bytes();
    if (bytes.size() != kBlockDocs * kRecordBytes) {
      return corrupt_index("a record block is missing or has another size");
    }
    ++work_.rows;
    kept = blocks_.emplace(number, std::vector<std::byte>(bytes.begin(), bytes.end())).first;
    select->reset();
  }
  near_number_ = number;
  near_ = kept->second.data();
  return near_ + offset;
}

Result<const DocRecord*> IndexReader::record(DocId doc) {
  if (doc == 0 || doc > state_.docs) return corrupt_index("a document that is not there");
  if (doc > stored_docs_) return &unindexed_[doc - stored_docs_ - 1].record;
  CORTEX_ASSIGN(const std::byte* place, stored_record(doc));
  record_ = read_record(place);
  if (record_.prev > state_.docs || record_.next > state_.docs) {
    return corrupt_index("a record names a neighbour that is not there");
  }
  return &record_;
}

Status IndexReader::forward(DocId doc, std::uint16_t& length, std::vector<DocTerm>& terms) {
  if (doc > stored_docs_) {
    const Unindexed& added = unindexed_[doc - stored_docs_ - 1];
    length = added.length;
    terms = added.terms;
    return {};
  }
  CORTEX_ASSIGN(sqlite::Statement * select, statement(kForwardQuery));
  CORTEX_TRY(select->bind_all(doc));
  CORTEX_ASSIGN(const bool found, select->step());
  ++work_.rows;
  if (!found || !read_forward(select->column_blob(0), length, terms)) {
    return corrupt_index("a forward row is missing or unreadable");
  }
  select->reset();
  return {};
}

Result<std::uint32_t> IndexReader::name_id(int kind, std::string_view name) {
  const auto added = new_names_.find(cat(kind, name));
  if (added != new_names_.end()) return added->second;
  if (stored_docs_ == 0) return std::uint32_t{0};
  CORTEX_ASSIGN(sqlite::Statement * select, statement(kNameQuery));
  CORTEX_TRY(select->bind_all(kind, name));
  CORTEX_ASSIGN(const bool found, select->step());
  const auto id = found ? static_cast<std::uint32_t>(select->column_int(0)) : 0U;
  select->reset();
  return id;
}

Result<std::uint32_t> IndexReader::session_id(std::string_view name) { return name_id(0, name); }

Result<std::vector<std::uint32_t>> IndexReader::source_ids(std::string_view name) {
  const auto matches = [name](std::string_view label) {
    const std::size_t colon = label.find(':');
    return label == name || label.substr(0, colon) == name ||
           (colon != std::string_view::npos && label.substr(colon + 1) == name);
  };
  std::vector<std::uint32_t> ids;
  for (const auto& [text, id] : new_names_) {
    if (text.front() == '1' && matches(std::string_view(text).substr(1))) ids.push_back(id);
  }
  if (stored_docs_ == 0) return ids;
  CORTEX_ASSIGN(auto select, db_->prepare("SELECT id, name FROM cortex_recall_names WHERE kind ="
                                          " 1"));
  for (;;) {
    CORTEX_ASSIGN(const bool more, select.step());
    if (!more) return ids;
    if (matches(select.column_text(1))) {
      ids.push_back(static_cast<std::uint32_t>(select.column_int(0)));
    }
  }
}

}  // namespace cortex::retrieval
