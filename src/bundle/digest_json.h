// The digest of a file as documents write it: {"blake3": ..., "size_bytes": ...}.
#pragma once

#include <functional>

#include "bundle/digest.h"
#include "json/cursor.h"
#include "json/value.h"

namespace cortex::bundle {

json::Value digest_json(const FileDigest& digest);
// For a Field (fields.h); keeps a reference to `out`.
std::function<bool(json::Cursor&)> digest_into(FileDigest& out);

}  // namespace cortex::bundle
