#include "retrieval/vector_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "retrieval/content.h"
#include "retrieval/index_reader.h"
#include "retrieval/index_schema.h"

namespace cortex::retrieval {
namespace {

constexpr std::size_t kTextDigest = 8;                           // bytes of BLAKE3
constexpr std::size_t kEntryHead = kTextDigest + sizeof(float);  // digest, scale

std::size_t entry_bytes(std::size_t dim) { return kEntryHead + dim; }

std::array<std::byte, kTextDigest> text_digest(std::string_view text) {
  std::array<std::uint8_t, kTextDigest> hash{};
  crypto::blake3_extended(text, hash);
  return std::bit_cast<std::array<std::byte, kTextDigest>>(hash);
}

Bytes bytes_of_digest(const crypto::Digest& digest) { return std::as_bytes(std::span(digest)); }

// The searched texts of documents, by their rows in the store.
class Texts {
 public:
  static Result<Texts> open(sqlite::Connection& db) {
    CORTEX_ASSIGN(auto event, db.prepare("SELECT payload_json FROM events WHERE rowid = ?1"));
    CORTEX_ASSIGN(auto memory, db.prepare("SELECT claim FROM memories WHERE rowid = ?1"));
    return Texts(std::move(event), std::move(memory));
  }

  // Nothing for a document that does not count any more.
  Result<const std::string*> of(const DocRecord& record) {
    const bool event = record.kind == Kind::kEvent;
    sqlite::Statement& select = event ? event_ : memory_;
    if ((record.flags & kFlagDeleted) != 0) return nullptr;
    select.reset();
    CORTEX_TRY(select.bind_all(record.ref));
    CORTEX_ASSIGN(const bool found, select.step());
    if (!found) return nullptr;
    if (event) {
      read_payload(select.column_text(0), content_);
    } else {
      read_claim(select.column_text(0), content_);
    }
    return &content_.text;
  }

 private:
  Texts(sqlite::Statement event, sqlite::Statement memory)
      : event_(std::move(event)), memory_(std::move(memory)) {}

  sqlite::Statement event_, memory_;
  Content content_;
};

struct Block {
  DocId number = 0;
  Bytes model, data;
  std::size_t dim = 0;

  DocId first() const { return number * kVectorBlock + 1; }
  std::size_t size() const { return data.size() / entry_bytes(dim); }
  const std::byte* entry(std::size_t i) const { return data.data() + i * entry_bytes(dim); }
};

Block block_of(const sqlite::Statement& row) {
  const std::int64_t dim = row.column_int(2);
  const bool possible = dim > 0 && dim <= static_cast<std::int64_t>(kVectorDimMax);
  return {static_cast<DocId>(row.column_int(0)), row.column_blob(1), row.column_blob(3),
          possible ? static_cast<std::size_t>(dim) : 0};
}
bool is_sound(const Block& block) {
  return block.dim > 0 && block.data.size() % entry_bytes(block.dim) == 0 && block.size() > 0 &&
         block.size() <= kVectorBlock;
}
bool is_of_text(const Block& block, std::size_t i, std::string_view text) {
  return std::ranges::equal(std::span(block.entry(i), kTextDigest), text_digest(text));
}
Error unsound() { return corrupt_index("a block of vectors is missing or has another size"); }

// Calls fn(Block) -> Status for each block in order. All but the last are full.
template <class Fn>
Status for_each_block(sqlite::Connection& db, Fn&& fn) {
  CORTEX_ASSIGN(auto select, db.prepare("SELECT block, model, dim, data FROM cortex_recall_vectors"
                                        " ORDER BY block"));
  bool full = true;
  for (DocId expected = 0;; ++expected) {
    CORTEX_ASSIGN(const bool more, select.step());
    if (!more) return {};
    const Block block = block_of(select);
    if (!full || block.number != expected || !is_sound(block)) return unsound();
    CORTEX_TRY(fn(block));
    full = block.size() == kVectorBlock;
  }
}

bool is_of(const Block& block, const StaticModel& model) {
  return block.dim == model.dim() && std::ranges::equal(block.model, bytes_of_digest(model.id()));
}

void append_entry(std::vector<std::byte>& data, const std::string* text,
                  const std::optional<Int8Vector>& vector, std::size_t dim) {
  const std::size_t at = data.size();
  data.resize(at + entry_bytes(dim));
  std::byte* out = data.data() + at;
  if (text != nullptr) std::ranges::copy(text_digest(*text), out);
  if (!vector) return;
  const auto scale = std::bit_cast<std::uint32_t>(vector->scale);
  for (unsigned i = 0; i < sizeof(float); ++i) {
    out[kTextDigest + i] = static_cast<std::byte>(scale >> (8 * i) & 0xFFU);
  }
  std::memcpy(out + kEntryHead, vector->values.data(), dim);
}

float scale_at(const std::byte* entry) {
  std::uint32_t bits = 0;
  for (unsigned i = 0; i < sizeof(float); ++i) {
    bits |= std::to_integer<std::uint32_t>(entry[kTextDigest + i]) << (8 * i);
  }
  return std::bit_cast<float>(bits);
}

// The last block, which may have room; nothing when it is of another model. All blocks are of one.
struct Last {
  DocId block = 0;
  std::vector<std::byte> data;

  DocId docs(std::size_t dim) const {
    return block * kVectorBlock + static_cast<DocId>(data.size() / entry_bytes(dim));
  }
};
Result<std::optional<Last>> last_block(sqlite::Connection& db, const StaticModel& model) {
  CORTEX_ASSIGN(auto select, db.prepare("SELECT block, model, dim, data FROM cortex_recall_vectors"
                                        " ORDER BY block DESC LIMIT 1"));
  CORTEX_ASSIGN(const bool found, select.step());
  if (!found) return std::optional(Last{});
  const Block block = block_of(select);
  if (!is_of(block, model)) return std::optional<Last>();
  if (!is_sound(block)) return unsound();
  return std::optional(Last{block.number, {block.data.begin(), block.data.end()}});
}

}  // namespace

Result<std::uint64_t> update_vectors(sqlite::Connection& db, StaticModel& model) {
  CORTEX_ASSIGN(const auto state, read_index_state(db));
  if (!state) return corrupt_index("there is none to make vectors for");
  CORTEX_ASSIGN(std::optional<Last> kept, last_block(db, model));
  if (!kept) CORTEX_TRY(db.exec("DELETE FROM cortex_recall_vectors"));
  Last last = kept ? *std::move(kept) : Last{};
  DocId done = last.docs(model.dim());
  if (done >= state->docs) return std::uint64_t{0};
  CORTEX_ASSIGN(auto reader, IndexReader::open(db, state));
  CORTEX_ASSIGN(auto texts, Texts::open(db));
  CORTEX_ASSIGN(auto save, db.prepare("INSERT OR REPLACE INTO cortex_recall_vectors(block, model,"
                                      " dim, data) VALUES(?1,?2,?3,?4)"));
  std::uint64_t made = 0;
  while (done < state->docs) {
    const DocId number = done / kVectorBlock;
    if (number != last.block) last = {number, {}};
    for (; done < state->docs && done / kVectorBlock == number; ++done) {
      CORTEX_ASSIGN(const DocRecord* record, reader.record(done + 1));
      CORTEX_ASSIGN(const std::string* text, texts.of(*record));
      std::optional<Int8Vector> vector;
      if (text != nullptr) {
        CORTEX_ASSIGN(vector, model.embed(*text));
      }
      made += vector ? 1U : 0U;
      append_entry(last.data, text, vector, model.dim());
    }
    CORTEX_TRY(save.bind_all(number, bytes_of_digest(model.id()), model.dim(), Bytes(last.data)));
    CORTEX_TRY(save.run());
  }
  return made;
}

Result<bool> vectors_lag(sqlite::Connection& db, const StaticModel& model) {
  CORTEX_ASSIGN(const auto state, read_index_state(db));
  if (!state) return corrupt_index("there is none to make vectors for");
  CORTEX_ASSIGN(const auto last, last_block(db, model));
  return !last || last->docs(model.dim()) < state->docs;
}

Result<std::vector<float>> similarities(sqlite::Connection& db, const StaticModel& model,
                                        const Int8Vector& query, DocId indexed) {
  std::vector<float> out;
  if (indexed == 0) return out;  // vectors of an index that is no more are of other documents
  CORTEX_TRY(for_each_block(db, [&](const Block& block) -> Status {
    if (!is_of(block, model)) {
      return make_error(Code::kPrecondition, "the stored vectors are of another model",
                        "they were not compared with this one",
                        "search the store where it can be written: they are made again",
                        kVectorsToken);
    }
    out.resize(std::size_t{indexed} + 1, 0.0F);
    for (std::size_t i = 0; i < block.size(); ++i) {
      const std::size_t doc = block.first() + i;
      if (doc >= out.size()) return corrupt_index("a vector of a document that is not there");
      const std::byte* entry = block.entry(i);
      const auto* values = reinterpret_cast<const std::int8_t*>(entry + kEntryHead);
      const float cosine = static_cast<float>(dot(query.values.data(), values, block.dim)) *
                           query.scale * scale_at(entry);
      out[doc] = std::isfinite(cosine) ? std::clamp(cosine, -1.0F, 1.0F) : 0.0F;
    }
    return {};
  }));
  return out;
}

Result<bool> has_stale_vector(sqlite::Connection& db, DocId doc, std::string_view text) {
  CORTEX_ASSIGN(auto select, db.prepare("SELECT block, model, dim, data FROM cortex_recall_vectors"
                                        " WHERE block = ?1"));
  CORTEX_TRY(select.bind_all((doc - 1) / kVectorBlock));
  CORTEX_ASSIGN(const bool found, select.step());
  if (!found) return false;
  const Block block = block_of(select);
  if (!is_sound(block)) return unsound();
  const std::size_t place = (doc - 1) % kVectorBlock;
  return place < block.size() && !is_of_text(block, place, text);
}

Status check_vectors(sqlite::Connection& db) {
  CORTEX_ASSIGN(const auto state, read_index_state(db));
  if (!state) return {};
  CORTEX_ASSIGN(auto reader, IndexReader::open(db, state));
  CORTEX_ASSIGN(auto texts, Texts::open(db));
  return for_each_block(db, [&](const Block& block) -> Status {
    for (std::size_t i = 0; i < block.size(); ++i) {
      const auto doc = static_cast<DocId>(block.first() + i);
      CORTEX_ASSIGN(const DocRecord* record, reader.record(doc));
      CORTEX_ASSIGN(const std::string* text, texts.of(*record));
      if (text == nullptr) continue;
      if (!is_of_text(block, i, *text)) {
        return corrupt_index(cat("the vector of document ", doc, " is of another text"));
      }
    }
    return {};
  });
}

}  // namespace cortex::retrieval
