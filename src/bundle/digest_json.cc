#include "bundle/digest_json.h"

#include "bundle/fields.h"

namespace cortex::bundle {

json::Value digest_json(const FileDigest& digest) {
  return json::Object{{"blake3", digest.blake3}, {"size_bytes", digest.size_bytes}};
}

std::function<bool(json::Cursor&)> digest_into(FileDigest& out) {
  return [&out](json::Cursor& cursor) {
    const Field fields[] = {{"blake3", text_into(out.blake3)},
                            {"size_bytes", count_into(out.size_bytes, ~0ULL)}};
    return read_fields(cursor, fields);
  };
}

}  // namespace cortex::bundle
