// Stored vectors of memories, one for each backend, and what text they were made from.
//
// Vectors are derived data: they can be made again at any time, so they are written without a
// ledger row. The private table cortex_embedding_content says from which claim and tags a vector
// was made; one without such a row counts as current, because reference 0.1.2 writes none.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

struct StoredVector {
  std::int64_t dim = 0;
  std::string bytes;                        // dim little-endian floats, unless `fault`
  std::optional<std::string> content_hash;  // of what it was made from, when known
  std::string fault;                        // why it cannot be used, or empty
};

// By memory id; those without a vector are absent. One query.
Result<std::map<std::string, StoredVector>> load_vectors(sqlite::Connection& db,
                                                         std::string_view backend_id,
                                                         std::span<const std::string> memory_ids);

struct NewVector {
  std::string memory_id, backend_id;
  std::int64_t dim = 0;
  std::string bytes, content_hash, computed_at;
};
// Replaces what is there. Errors: kInternal when the length does not fit the dimension.
Status put_vectors(sqlite::Connection& db, std::span<const NewVector> vectors);

// What a vector is made from, as a hash of claim and tags.
std::string embedding_content_hash(std::string_view claim, std::span<const std::string> tags);

}  // namespace cortex::store
