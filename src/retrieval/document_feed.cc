#include "retrieval/document_feed.h"

#include <utility>

namespace cortex::retrieval {

Status DocumentFeed::add(const EventRow& row) {
  const std::string_view texts[] = {row.observed_at, row.source_json, row.session_id,
                                    row.trace_id,    row.event_type,  row.payload_json};
  Row& copy = filled_.rows.emplace_back(row.rowid, filled_.text.size());
  for (std::size_t i = 0; i < copy.sizes.size(); ++i) {
    copy.sizes[i] = texts[i].size();
    filled_.text += texts[i];
  }
  return filled_.rows.size() == kRows || filled_.text.size() >= kBytes ? turn() : Status();
}

EventRow DocumentFeed::view_of(const Batch& batch, const Row& row) {
  std::string_view rest = std::string_view(batch.text).substr(row.begin);
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

void DocumentFeed::make(Batch& batch) {
  if (batch.documents.size() < batch.rows.size()) batch.documents.resize(batch.rows.size());
  for (std::size_t i = 0; i < batch.rows.size(); ++i) {
    batch.documents[i] = maker_.make(view_of(batch, batch.rows[i]));
  }
}

Status DocumentFeed::put(Batch& batch) {
  const std::size_t count = batch.rows.size();
  batch.rows.clear();
  batch.text.clear();
  if (batch.text.capacity() > kBytesKept) batch.text.shrink_to_fit();
  for (std::size_t i = 0; i < count; ++i) {
    Document& document = batch.documents[i];
    CORTEX_TRY(put_(document));
    const std::size_t texts = document.session.capacity() + document.source.capacity();
    if (document.terms.capacity() > kTermsKept || texts > kTermsKept) {
      Document empty;
      std::swap(document, empty);
    }
  }
  return {};
}

Status DocumentFeed::turn() {
  if (worker_.joinable()) worker_.join();
  std::swap(made_, in_making_);
  std::swap(in_making_, filled_);
  worker_ = std::jthread([this] { make(in_making_); });
  return put(made_);
}

Status DocumentFeed::finish() {
  if (worker_.joinable()) worker_.join();
  CORTEX_TRY(put(in_making_));
  make(filled_);
  return put(filled_);
}

std::size_t DocumentFeed::kept_bytes() const {
  std::size_t bytes = 0;
  for (const Batch* batch : {&filled_, &in_making_, &made_}) {
    bytes += batch->text.capacity() + batch->rows.capacity() * sizeof(Row);
    for (const Document& document : batch->documents) {
      bytes += sizeof(Document) + document.terms.capacity() * sizeof(DocTerm) +
               document.session.capacity() + document.source.capacity();
    }
  }
  return bytes;
}

}  // namespace cortex::retrieval
