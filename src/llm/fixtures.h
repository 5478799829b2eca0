// Recorded answers: a folder of JSON files, each named with its digest by an index, each answering
// one (model, prompt hash). The index itself is TOML and read by the caller
// (docs/formats.md, "Replay fixtures").
//
// Nothing of the folder is used unless all of it is as the index says: every entry inside the
// folder, every `*.json` at its top indexed (schema.json apart), every digest right, every request
// answered once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/fs/fs.h"
#include "base/result.h"
#include "llm/message.h"
#include "llm/model.h"

namespace cortex::llm {

inline constexpr std::string_view kReplayAdapter = "replay";
inline constexpr std::string_view kFixtureIndexName = "INDEX.toml";
inline constexpr std::uint64_t kFixtureBytesMax = 16U << 20;         // one file
inline constexpr std::uint64_t kFixtureFolderBytesMax = 256U << 20;  // all of them

// One `[[fixture]]` of the index.
struct FixtureEntry {
  std::string path;    // relative to the folder
  std::string blake3;  // 64 lower-case hex characters
};

// "fixture integrity failed: ...", code kQuarantined.
Error fixture_fault(std::string_view what);

// A model that answers what was recorded. `folder` must be canonical. Errors: fixture_fault(), in
// this order: paths in the order of the index, files without an entry, then each file's content.
// Asking for what is not recorded: kPrecondition, "no replay fixture for model=...
// prompt_hash=...". Holds all answers in memory.
Result<std::unique_ptr<Model>> open_fixtures(fs::FileSystem& fs, const std::string& folder,
                                             std::span<const FixtureEntry> index);

// The text of a fixture file that answers `request` with `response`, ready to be indexed by the
// BLAKE3 of its bytes.
std::string fixture_text(const Request& request, const Response& response);

}  // namespace cortex::llm
