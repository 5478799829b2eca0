#include "store/embeddings.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "json/value.h"
#include "sqlite/transaction.h"

namespace cortex::store {
namespace {

constexpr std::int64_t kFloatBytes = 4;

std::string text_of(std::span<const std::byte> blob) {
  return {reinterpret_cast<const char*>(blob.data()), blob.size()};
}

StoredVector vector_of(const sqlite::Statement& row) {
  StoredVector vector{row.column_int(1), text_of(row.column_blob(2)), std::nullopt, ""};
  if (!row.is_null(4)) vector.content_hash = std::string(row.column_text(4));
  if (row.column_text(3) != "none") {
    vector.fault = cat("it is encrypted (", quoted(row.column_text(3)), ")");
  } else if (vector.dim <= 0 ||
             static_cast<std::int64_t>(vector.bytes.size()) != vector.dim * kFloatBytes) {
    vector.fault = cat("its ", vector.bytes.size(), " bytes are not ", vector.dim, " numbers");
  }
  return vector;
}

}  // namespace

Result<std::map<std::string, StoredVector>> load_vectors(sqlite::Connection& db,
                                                         std::string_view backend_id,
                                                         std::span<const std::string> memory_ids) {
  std::map<std::string, StoredVector> out;
  if (memory_ids.empty()) return out;
  CORTEX_ASSIGN(auto found, db.prepare("SELECT e.memory_id, e.dim, e.vector_blob, "
                                       "e.encryption_kind, c.content_hash FROM memory_embeddings e "
                                       "LEFT JOIN cortex_embedding_content c ON "
                                       "c.memory_id = e.memory_id AND c.backend_id = e.backend_id "
                                       "WHERE e.backend_id = ?1 AND e.memory_id IN "
                                       "(SELECT value FROM json_each(?2))"));
  CORTEX_TRY(found.bind_all(backend_id, std::string_view(json::write_compact(
                                            json::Array(memory_ids.begin(), memory_ids.end())))));
  for (;;) {
    CORTEX_ASSIGN(const bool more, found.step());
    if (!more) return out;
    out.emplace(found.column_text(0), vector_of(found));
  }
}

Status put_vectors(sqlite::Connection& db, std::span<const NewVector> vectors) {
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kImmediate));
  CORTEX_ASSIGN(auto put,
                db.prepare("INSERT OR REPLACE INTO memory_embeddings (memory_id, backend_id, dim, "
                           "vector_blob, encryption_kind, encryption_key_id, computed_at) VALUES "
                           "(?1, ?2, ?3, ?4, 'none', NULL, ?5)"));
  CORTEX_ASSIGN(auto note, db.prepare("INSERT OR REPLACE INTO cortex_embedding_content (memory_id, "
                                      "backend_id, content_hash) VALUES (?1, ?2, ?3)"));
  for (const NewVector& vector : vectors) {
    if (vector.dim <= 0 || is_blank(vector.backend_id) ||
        static_cast<std::int64_t>(vector.bytes.size()) != vector.dim * kFloatBytes) {
      return make_error(Code::kInternal,
                        cat("the vector of ", vector.memory_id, " has ", vector.bytes.size(),
                            " bytes for ", vector.dim, " numbers"));
    }
    const std::span<const char> bytes(vector.bytes);
    CORTEX_TRY(put.bind_all(std::string_view(vector.memory_id), std::string_view(vector.backend_id),
                            vector.dim, std::as_bytes(bytes),
                            std::string_view(vector.computed_at)));
    CORTEX_TRY(put.run());
    CORTEX_TRY(note.bind_all(std::string_view(vector.memory_id),
                             std::string_view(vector.backend_id),
                             std::string_view(vector.content_hash)));
    CORTEX_TRY(note.run());
  }
  return transaction.commit();
}

std::string embedding_content_hash(std::string_view claim, std::span<const std::string> tags) {
  return crypto::blake3_hex(
      json::canonical(json::Array{json::Value(claim), json::Array(tags.begin(), tags.end())}));
}

}  // namespace cortex::store
