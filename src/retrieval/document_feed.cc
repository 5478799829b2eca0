#include "retrieval/document_feed.h"

#include <thread>
#include <utility>

namespace cortex::retrieval {

Status DocumentFeed::add(const EventRow& row) {
  const std::string_view texts[] = {row.observed_at, row.source_json, row.session_id,
                                    row.trace_id,    row.event_type,  row.payload_json};
  Row& copy = rows_.emplace_back(row.rowid, text_.size());
  for (std::size_t i = 0; i < copy.sizes.size(); ++i) {
    copy.sizes[i] = texts[i].size();
    text_ += texts[i];
  }
  return rows_.size() == kRows || text_.size() >= kBytes ? make_and_put() : Status();
}

EventRow DocumentFeed::view_of(const Row& row) const {
  std::string_view rest = std::string_view(text_).substr(row.begin);
  EventRow view;
  view.rowid = row.rowid;
  std::string_view* const texts[] = {&view.observed_at, &view.source_json, &view.session_id,
                                     &view.trace_id,    &view.event_type,  &view.payload_json};
  for (std::size_t i = 0; i < row.sizes.size(); ++i) {
    *texts[i] = rest.substr(0, row.sizes[i]);
    rest.remove_prefix(row.sizes[i]);
  }
  return view;
}

void DocumentFeed::make_what_is_left(DocumentMaker& maker) {
  for (;;) {
    const std::size_t i = taken_.fetch_add(1, std::memory_order_relaxed);
    if (i >= rows_.size()) return;
    documents_[i] = maker.make(view_of(rows_[i]));
  }
}

Status DocumentFeed::make_and_put() {
  if (documents_.size() < rows_.size()) documents_.resize(rows_.size());
  taken_ = 0;
  {
    std::jthread other;
    if (text_.size() > kBytesAlone) {
      other = std::jthread([this] { make_what_is_left(other_maker_); });
    }
    make_what_is_left(maker_);
  }
  const std::size_t count = rows_.size();
  rows_.clear();
  text_.clear();
  if (text_.capacity() > kBytesKept) text_.shrink_to_fit();
  for (std::size_t i = 0; i < count; ++i) {
    Document& document = documents_[i];
    CORTEX_TRY(put_(document));
    const std::size_t texts = document.session.capacity() + document.source.capacity();
    if (document.terms.capacity() > kTermsKept || texts > kTermsKept) {
      Document empty;
      std::swap(document, empty);
    }
  }
  return {};
}

Status DocumentFeed::finish() { return make_and_put(); }

std::size_t DocumentFeed::kept_bytes() const {
  std::size_t bytes = text_.capacity() + rows_.capacity() * sizeof(Row);
  for (const Document& document : documents_) {
    bytes += sizeof(Document) + document.terms.capacity() * sizeof(DocTerm) +
             document.session.capacity() + document.source.capacity();
  }
  return bytes;
}

}  // namespace cortex::retrieval
