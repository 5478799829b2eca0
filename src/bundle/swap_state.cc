#include "bundle/swap_state.h"

#include <utility>

#include "base/text.h"
#include "bundle/digest_json.h"
#include "bundle/fields.h"
#include "ledger/restore_guard.h"

namespace cortex::bundle {
namespace {

constexpr std::uint64_t kStateBytesMax = 1U << 20U;
constexpr std::string_view kSwapKind = "cortex_restore_state";

json::Value file_json(const SwapFile& file) {
  return json::Object{{"active", file.active},
                      {"temporary", file.temporary},
                      {"new", digest_json(file.fresh)},
                      {"backup", file.backup},
                      {"old", digest_json(file.old)}};
}

std::function<bool(json::Cursor&)> file_into(SwapFile& out) {
  return [&out](json::Cursor& cursor) {
    const Field fields[] = {{"active", text_into(out.active)},
                            {"temporary", text_into(out.temporary)},
                            {"new", digest_into(out.fresh)},
                            {"backup", text_into(out.backup)},
                            {"old", digest_into(out.old)}};
    return read_fields(cursor, fields);
  };
}

std::function<bool(json::Cursor&)> wal_into(std::optional<SwapLog>& out) {
  return [&out](json::Cursor& cursor) {
    out.emplace();
    const Field fields[] = {{"backup", text_into(out->backup)}, {"old", digest_into(out->old)}};
    return read_fields(cursor, fields);
  };
}

}  // namespace

std::string swap_state_path(const std::string& active_log) {
  return ledger::restore_state_path(active_log);
}

Result<std::optional<SwapState>> read_swap_state(fs::FileSystem& fs,
                                                 const std::string& active_log) {
  const std::string path = swap_state_path(active_log);
  CORTEX_ASSIGN(const fs::Info info, fs.lstat(path));
  if (info.kind == fs::Kind::kMissing) return std::optional<SwapState>();
  auto text = fs::read_all(fs, path, kStateBytesMax);
  if (!text.ok()) return with_code(std::move(text).error(), Code::kPrecondition);
  SwapState state;
  std::string kind;
  std::uint64_t version = 0;
  const Field fields[] = {{"kind", text_into(kind)},
                          {"v", count_into(version, 1)},
                          {"operation", text_into(state.operation)},
                          {"scope", text_into(state.scope)},
                          {"db", file_into(state.db)},
                          {"event_log", file_into(state.log)},
                          {"db_wal", wal_into(state.wal), false},
                          {"started_at", text_into(state.started_at)}};
  const Status read = read_document(*text, fields);
  if (read.ok() && kind == kSwapKind && version == 1) return std::optional(std::move(state));
  return make_error(
      Code::kPrecondition,
      cat("the journal ", quoted(path), " of an interrupted restore is malformed",
          read.ok() ? "" : cat(": ", read.error().message)),
      "the active store was not changed",
      "recover with `cortex restore recover-apply` from the evidence folder beside it");
}

Status write_swap_state(fs::FileSystem& fs, const SwapState& state) {
  const std::string path = swap_state_path(state.log.active);
  json::Object document{{"kind", kSwapKind},
                        {"v", 1},
                        {"operation", state.operation},
                        {"scope", state.scope},
                        {"db", file_json(state.db)},
                        {"event_log", file_json(state.log)},
                        {"started_at", state.started_at}};
  if (state.wal) {
    document.add("db_wal",
                 json::Object{{"backup", state.wal->backup}, {"old", digest_json(state.wal->old)}});
  }
  const std::string draft = path + ".new";
  const auto stale = fs.lstat(draft);
  if (stale.ok() && stale->kind == fs::Kind::kFile) CORTEX_TRY(fs.remove_file(draft));
  CORTEX_TRY(fs::write_new(fs, draft, json::write_pretty(document), 0600));
  if (auto renamed = fs.replace(draft, path); !renamed.ok()) {
    static_cast<void>(fs.remove_file(draft).ok());  // the failure reported is the rename's
    return renamed;
  }
  return fs.sync_directory(fs::parent_of(path));
}

Status remove_swap_state(fs::FileSystem& fs, const SwapState& state) {
  const std::string path = swap_state_path(state.log.active);
  CORTEX_TRY(fs.remove_file(path));
  return fs.sync_directory(fs::parent_of(path));
}

}  // namespace cortex::bundle
