// The drill of `backup verify --drill`: each step on a copy in a private folder, with its duration.
#include <functional>
#include <utility>

#include "app/backup_check.h"
#include "app/open_store.h"
#include "app/search.h"
#include "base/text.h"
#include "bundle/content.h"
#include "bundle/copy.h"
#include "bundle/private_folder.h"
#include "bundle/stage.h"
#include "store/integrity.h"
#include "store/open.h"
#include "store/schema_check.h"

namespace cortex::app {
namespace {

// What a step found: its detail, or the reason why it was skipped.
struct Found {
  std::string detail;
  bool skipped = false;
};

std::uint64_t millis_between(Timestamp from, Timestamp to) {
  const std::int64_t millis = to.unix_millis() - from.unix_millis();
  return millis < 0 ? 0 : static_cast<std::uint64_t>(millis);
}

class Drill {
 public:
  Drill(Services& services, const Environment& environment, bundle::VerifyReport& bundle,
        Progress* progress)
      : services_(services), environment_(environment), bundle_(bundle), progress_(progress) {}

  Result<std::vector<DrillStep>> run();

 private:
  Status verify_bundle_itself();
  Result<bool> is_verified_store();

  using Step = Result<Found> (Drill::*)();
  bool take(const char* name, Step step);

  Result<Found> restore();
  Result<Found> open();
  Result<Found> integrity();
  Result<Found> foreign_keys();
  Result<Found> chain_audit();
  Result<store::MirrorComparison> compare_mirror();
  Result<Found> mirror_parity();
  Result<Found> search();

  Services& services_;
  const Environment& environment_;
  bundle::VerifyReport& bundle_;
  Progress* progress_;
  std::optional<bundle::PrivateFolder> folder_;
  Layout layout_;
  bundle::FileDigest copied_[2];  // of store and ledger, as they were read
  // After integrity(): opening has left the store as it was verified. It never writes to the
  // ledger.
  bool verified_store_ = false;
  std::vector<DrillStep> steps_;
};

Result<Found> Drill::restore() {
  const std::string parent = environment_.get("TMPDIR").value_or("/tmp");
  CORTEX_ASSIGN(auto folder, bundle::PrivateFolder::create(services_.fs, parent, "cortex-drill-",
                                                           services_.clock, services_.random));
  folder_.emplace(std::move(folder));
  layout_ = layout_in(folder_->path());
  const std::string targets[] = {layout_.db_path, layout_.event_log_path};
  begin_phase(progress_, "restoring",
              bundle_.artifacts[0].digest.size_bytes + bundle_.artifacts[1].digest.size_bytes);
  for (std::size_t i = 0; i < 2; ++i) {
    CORTEX_ASSIGN(copied_[i], bundle::copy_file(services_.fs, bundle_.artifacts[i].path, targets[i],
                                                0600, progress_, bundle::Durable::kNot));
  }
  return Found{cat("into ", folder_->path())};
}

// Where what was restored does not speak for the bundle.
Status Drill::verify_bundle_itself() {
  return bundle::verify_found(services_.fs, bundle_, bundle_.artifacts[0].path,
                              bundle_.artifacts[1].path, progress_);
}

Result<bool> Drill::is_verified_store() {
  CORTEX_ASSIGN(const fs::Info log, services_.fs.stat(layout_.db_path + "-wal"));
  if (log.size_bytes > 0) return false;
  CORTEX_ASSIGN(const auto digest,
                bundle::digest_file(services_.fs, layout_.db_path, bundle::Source::kAnywhere));
  return digest == bundle_.artifacts[0].digest;
}

Result<Found> Drill::open() {
  CORTEX_ASSIGN(const StoreAtWork store, open_store(services_, layout_));
  if (!store.mirror_note.empty()) return make_error(Code::kIntegrity, store.mirror_note);
  auto connection = store::open_for_inspection(services_.fs, layout_.db_path);
  if (!connection.ok()) return std::move(connection).error();
  CORTEX_ASSIGN(const auto failures, store::check_schema(*connection));
  if (!failures.empty()) {
    return make_error(Code::kSchema, failures.front().text());
  }
  return Found{cat(counted(store.migrations.size(), "migration"), " applied, ",
                   counted(store.mirrored_rows, "row"), " mirrored")};
}

// Opening may have changed the store: migrations, a mirror that lagged.
Result<Found> Drill::integrity() {
  CORTEX_ASSIGN(verified_store_, is_verified_store());
  std::vector<std::string> problems;
  if (!verified_store_) {
    CORTEX_TRY(store::inspect(services_.fs, layout_.db_path, [&](sqlite::Connection& db) -> Status {
      CORTEX_ASSIGN(problems, store::integrity_problems(db, true));
      return {};
    }));
  }
  if (!problems.empty()) return make_error(Code::kIntegrity, problems.front());
  return Found{"structure, indexes and full text are sound"};
}

Result<Found> Drill::foreign_keys() {
  if (verified_store_) return Found{"every reference holds"};
  std::int64_t broken = 0;
  CORTEX_TRY(store::inspect(services_.fs, layout_.db_path, [&](sqlite::Connection& db) -> Status {
    CORTEX_ASSIGN(broken, db.query_int("SELECT count(*) FROM pragma_foreign_key_check"));
    return {};
  }));
  if (broken != 0) return make_error(Code::kIntegrity, cat(broken, " rows refer to nothing"));
  return Found{"every reference holds"};
}

// Everything that `backup verify` looks at, in what was restored: its bytes are the bundle's.
Result<Found> Drill::chain_audit() {
  auto verified = bundle::verify_found(services_.fs, bundle_, layout_.db_path,
                                       layout_.event_log_path, progress_);
  if (!verified.ok() && verified.error().code == Code::kQuarantined) {
    return make_error(Code::kIntegrity, "what was restored reads back differently");
  }
  CORTEX_TRY(verified);
  CORTEX_ASSIGN(const auto known, bundle::judge_audit(layout_.event_log_path,
                                                      bundle_.content->chain, bundle_.manifest));
  return Found{cat(counted(known.rows, "row"), ", chain intact")};
}

Result<store::MirrorComparison> Drill::compare_mirror() {
  if (verified_store_) return bundle_.content->mirror;
  CORTEX_ASSIGN(const auto ledger, services_.fs.open(layout_.event_log_path, fs::Open::kRead));
  CORTEX_ASSIGN(const fs::Info info, ledger->info());
  CORTEX_ASSIGN(auto db, store::open_for_inspection(services_.fs, layout_.db_path));
  // The store by itself has been looked at.
  CORTEX_ASSIGN(const auto content, bundle::verify_content({.ledger = *ledger,
                                                            .ledger_bytes = info.size_bytes,
                                                            .store = nullptr,
                                                            .mirrors = {&db}}));
  if (!content.problems.empty()) {
    return make_error(Code::kIntegrity, content.problems.front());
  }
  return content.mirror;
}

Result<Found> Drill::mirror_parity() {
  CORTEX_ASSIGN(const store::MirrorComparison mirror, compare_mirror());
  if (mirror.lagging != 0) {
    return make_error(Code::kIntegrity, cat(mirror.lagging, " rows are not mirrored"));
  }
  // Rows that another program wrote differently were so before the backup, too.
  return Found{cat(mirror.equal, " rows equal, ", mirror.differing, " differ, ", mirror.foreign,
                   " are in the store alone")};
}

// The newest active memory must be found by its own words.
Result<Found> Drill::search() {
  std::string id, claim;
  CORTEX_TRY(store::inspect(services_.fs, layout_.db_path, [&](sqlite::Connection& db) -> Status {
    id.clear();
    CORTEX_ASSIGN(auto rows, db.prepare("SELECT id, claim FROM memories WHERE status = 'active'"
                                        " ORDER BY id DESC LIMIT 1"));
    CORTEX_ASSIGN(const bool any, rows.step());
    if (!any) return {};
    id = rows.column_text(0);
    claim = rows.column_text(1);
    return {};
  }));
  if (id.empty()) return Found{"there is no active memory to look for", true};
  const auto found = search_memories(services_, environment_, layout_, {.query = claim});
  if (!found.ok() && found.error().code == Code::kUsage) {
    return Found{"the newest memory has no word to look for", true};
  }
  if (!found.ok()) return found.error();
  for (const SearchMatch& match : found->matches) {
    if (match.memory_id == id) return Found{cat("found ", id, " by its words")};
  }
  for (const LeftOut& left : found->left_out) {
    if (left.memory_id == id) return Found{cat("found ", id, " by its words, left out by a rule")};
  }
  return make_error(Code::kIntegrity, cat("the memory ", id, " is not found by its own words"));
}

bool Drill::take(const char* name, Step step) {
  const Timestamp start = services_.clock.now();
  const auto found = (this->*step)();
  const std::uint64_t millis = millis_between(start, services_.clock.now());
  if (!found.ok()) {
    steps_.push_back({name, "failed", millis, found.error().message});
  } else {
    steps_.push_back({name, found->skipped ? "skipped" : "ok", millis, found->detail});
  }
  return found.ok();
}

Result<std::vector<DrillStep>> Drill::run() {
  if (!take("restore", &Drill::restore)) {
    CORTEX_TRY(verify_bundle_itself());
    return std::move(steps_);
  }
  CORTEX_TRY(bundle::take_digests(bundle_, copied_[0], copied_[1]));
  take("chain_audit", &Drill::chain_audit);
  if (!bundle_.content) {  // whose fault is it?
    CORTEX_TRY(verify_bundle_itself());
    return std::move(steps_);
  }
  // An empty store, as `init` makes it, gets its tables when it is opened.
  if (!take("open", &Drill::open)) return std::move(steps_);
  take("integrity", &Drill::integrity);
  take("foreign_keys", &Drill::foreign_keys);
  take("mirror_parity", &Drill::mirror_parity);
  take("search", &Drill::search);
  return std::move(steps_);
}

}  // namespace

Result<std::vector<DrillStep>> drill_backup(Services& services, const Environment& environment,
                                            bundle::VerifyReport& bundle, Progress* progress) {
  return Drill(services, environment, bundle, progress).run();
}

}  // namespace cortex::app
