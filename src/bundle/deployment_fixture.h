// A store and a ledger in a private folder, for the tests of this room and of those above it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fs/forward_fs.h"
#include "base/fs/test_dir.h"
#include "base/test_seams.h"
#include "base/text.h"
#include "bundle/backup.h"
#include "core/event.h"
#include "crypto/digest.h"
#include "ledger/append_log.h"
#include "sqlite/connection.h"
#include "sqlite/transaction.h"
#include "store/mirror.h"
#include "store/no_operations.h"
#include "store/open.h"

namespace cortex::bundle {

template <class T>
Code code_of(const Result<T>& result) {
  return result.ok() ? Code::kOk : result.error().code;
}

// Digest and time of change of each file of a folder, by name.
using FolderState = std::map<std::string, std::pair<std::string, Timestamp>>;

// Does something of its own before files are opened and before bytes are appended; a failure there
// is one of the file system.
class DisturbedFs final : public fs::ForwardFs {
 public:
  using OnOpen = std::function<Status(const std::string& path, fs::Open how)>;
  using OnAppend = std::function<Status(const std::string& path, std::string& bytes)>;

  explicit DisturbedFs(OnOpen on_open, OnAppend on_append = {})
      : on_open_(std::move(on_open)), on_append_(std::move(on_append)) {}
  Result<std::unique_ptr<fs::File>> open(const std::string& path, fs::Open how,
                                         unsigned mode) override {
    if (on_open_) CORTEX_TRY(on_open_(path, how));
    CORTEX_ASSIGN(auto file, ForwardFs::open(path, how, mode));
    if (!on_append_ || how == fs::Open::kRead) return file;
    return std::unique_ptr<fs::File>(std::make_unique<File>(std::move(file), on_append_));
  }

 private:
  class File final : public fs::ForwardFile {
   public:
    File(std::unique_ptr<fs::File> file, const OnAppend& on_append)
        : ForwardFile(std::move(file)), on_append_(on_append) {}
    Status append(std::string_view bytes) override {
      std::string changed(bytes);
      CORTEX_TRY(on_append_(path(), changed));
      return ForwardFile::append(changed);
    }

   private:
    const OnAppend& on_append_;
  };
  OnOpen on_open_;
  OnAppend on_append_;
};

// Begins like `cortex init`: both files are there and empty.
class DeploymentTest : public testing::Test {
 protected:
  DeploymentTest() {
    CORTEX_CHECK(fs_.make_directory(live_, 0700).ok());
    put(db_, "");
    put(log_, "");
  }

  void put(const std::string& path, std::string_view bytes) {
    static_cast<void>(fs_.remove_file(path).ok());
    const Status written = fs::write_new(fs_, path, bytes, 0600);
    ASSERT_TRUE(written.ok()) << written.error().text();
  }
  std::string get(const std::string& path) { return fs::read_all(fs_, path, 1U << 30).value(); }
  fs::Kind kind_of(const std::string& path) { return fs_.lstat(path)->kind; }
  std::vector<std::string> names_in(const std::string& folder) { return fs_.list(folder).value(); }
  FolderState state_of(const std::string& folder) {
    FolderState state;
    for (const std::string& name : names_in(folder)) {
      const std::string path = fs::join(folder, name);
      if (kind_of(path) == fs::Kind::kDirectory) {
        for (auto& [below, file] : state_of(path)) state[fs::join(name, below)] = file;
        continue;
      }
      state[name] = {crypto::blake3_hex(get(path)), fs_.stat(path)->modified};
    }
    return state;
  }

  static core::Event event(std::uint64_t n) {
    core::Event out;
    out.id = {1ULL << 40U, n};
    out.observed_at = out.recorded_at = {1'700'000'000 + static_cast<std::int64_t>(n), 0};
    out.payload = cat("{\"n\":", n, "}");
    return out;
  }
  static std::string id_of(std::uint64_t n) { return cat("evt_", event(n).id.text()); }

  void append(std::vector<core::Event> events) {
    auto log = ledger::AppendLog::open(fs_, log_, clock_, random_);
    ASSERT_TRUE(log.ok()) << log.error().text();
    for (core::Event& event : events) ASSERT_TRUE((*log)->append(event).ok());
    ASSERT_TRUE((*log)->commit().ok());
  }
  // The rows first, first + 1, ... of event().
  void append(std::uint64_t first, std::uint64_t count) {
    std::vector<core::Event> events;
    for (std::uint64_t i = 0; i < count; ++i) events.push_back(event(first + i));
    append(std::move(events));
  }
  // Brings the store to the schema and up to date with the ledger.
  void mirror() {
    const Status mirrored = try_mirror();
    ASSERT_TRUE(mirrored.ok()) << mirrored.error().text();
  }
  Status try_mirror() {
    CORTEX_ASSIGN(auto opened, store::open_for_writing(db_));
    CORTEX_ASSIGN(auto transaction, sqlite::Transaction::begin(
                                        opened.connection, sqlite::Transaction::Kind::kImmediate));
    CORTEX_ASSIGN(auto ledger, fs_.open(log_, fs::Open::kRead));
    CORTEX_TRY(ledger->lock(fs::Lock::kShared, 1000));
    CORTEX_ASSIGN(const fs::Info info, ledger->info());
    CORTEX_ASSIGN(auto writer, store::catch_up(opened.connection, *ledger, info.size_bytes, clock_,
                                               store::no_operations()));
    CORTEX_TRY(writer.finish());
    return transaction.commit();
  }
  // A ledger of `rows` rows and a store that mirrors them all.
  void fill(std::uint64_t rows) {
    append(1, rows);
    mirror();
  }
  sqlite::Connection connect() {
    return sqlite::Connection::open(db_, sqlite::OpenMode::kReadWrite).value();
  }
  void exec(const std::string& sql) {
    sqlite::Connection db = connect();
    const Status status = db.exec(sql);
    ASSERT_TRUE(status.ok()) << status.error().message;
  }

  // Another payload in row `n`, whose hashes stay.
  void break_chain(std::uint64_t n) {
    std::string text = get(log_);
    const std::string member = cat("{\"n\":", n, "}");
    const std::size_t at = text.find(member);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, member.size(), cat("{\"m\":", n, "}"));
    put(log_, text);
  }
  // One byte of the page that holds the root of an index.
  void corrupt_index(const std::string& name) {
    std::int64_t page = 0;
    {
      sqlite::Connection db = connect();
      page =
          db.query_int(cat("SELECT rootpage FROM sqlite_schema WHERE name = '", name, "'")).value();
    }
    std::string bytes = get(db_);
    const std::size_t start = static_cast<std::size_t>(page - 1) * 4096;
    const std::size_t at = bytes.find("evt_", start);
    ASSERT_LT(at, start + 4096);
    bytes[at] = 'x';
    put(db_, bytes);
  }

  // Commits a row that stays in the write-ahead log, as after a kill.
  void leave_wal() {
    sqlite::Connection db = connect();
    ASSERT_TRUE(db.set_no_checkpoint_on_close(true).ok());
    ASSERT_TRUE(db.exec("INSERT INTO traces VALUES ('trc_1', 2, 'now', NULL, 'x', 'y')").ok());
  }
  // In place, as a disk does it: whoever has the file open goes on having it open.
  void damage_store() {
    const std::string damaged = get(db_).replace(0, 4096, 4096, 'x');
    auto file = fs_.open(db_, fs::Open::kAppend);
    ASSERT_TRUE(file.ok() && (*file)->truncate(0).ok() && (*file)->append(damaged).ok());
  }
  // Takes the last `rows` rows away, in place.
  void cut_ledger(int rows) {
    std::string text = get(log_);
    for (; rows > 0; --rows) text.resize(text.rfind('\n', text.size() - 2) + 1);
    auto file = fs_.open(log_, fs::Open::kAppend);
    ASSERT_TRUE(file.ok() && (*file)->truncate(text.size()).ok());
  }

  BackupRequest request(bool verify = true) {
    return {.db_path = db_, .event_log_path = log_, .output = out_, .verify = verify};
  }
  Result<BackupReport> back_up(bool verify = true) {
    return make_backup(fs_, request(verify), clock_, random_);
  }

  fs::TestDir folder_;
  fs::FileSystem& fs_ = fs::posix();
  std::string live_ = folder_ / "live";
  std::string db_ = fs::join(live_, "cortex.db");
  std::string log_ = fs::join(live_, "events.jsonl");
  std::string out_ = folder_ / "bundle";
  StoppedClock clock_;
  CountingRandom random_;
};

}  // namespace cortex::bundle
