// A deployment with the services and the layout of a use case, for the tests of this room.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/fs/forward_fs.h"
#include "bundle/deployment_fixture.h"
#include "core/event_codec.h"
#include "ledger/chain.h"
#include "ledger/restore_guard.h"

namespace cortex::app {

using bundle::code_of;
using bundle::FolderState;

// Another restore lets its lock go just before this one takes it, and is unfinished.
class UnfinishedRestoreFs final : public fs::ForwardFs {
 public:
  explicit UnfinishedRestoreFs(const std::string& ledger_path)
      : journal_(ledger::restore_state_path(ledger_path)) {}
  Result<std::unique_ptr<fs::File>> open(const std::string& path, fs::Open how,
                                         unsigned mode) override {
    if (path.ends_with(".flock")) CORTEX_TRY(fs::posix().overwrite(journal_, "{}"));
    return fs::posix().open(path, how, mode);
  }

 private:
  std::string journal_;
};

class AppTest : public bundle::DeploymentTest {
 protected:
  static std::string session_of(const std::vector<core::Event>& events) {
    std::string text = "{\"events\":[";
    for (const core::Event& event : events) {
      if (text.back() != '[') text += ',';
      core::append_row(text, event);
    }
    return text + "]}";
  }
  // A session file with the rows first, first + 1, ... of event().
  std::string session(std::uint64_t first, std::uint64_t count) {
    std::vector<core::Event> events;
    for (std::uint64_t i = 0; i < count; ++i) events.push_back(event(first + i));
    return session_file(session_of(events));
  }
  std::string session_file(std::string_view text) {
    std::string path = folder_ / "session.json";
    put(path, text);
    return path;
  }
  void exec(const std::string& sql) {
    sqlite::Connection db = connect();
    const Status status = db.exec(sql);
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  std::int64_t count(const std::string& table) {
    sqlite::Connection db = connect();
    return db.query_int(cat("SELECT count(*) FROM ", table)).value();
  }

  Services services_{fs_, clock_, random_};
  Layout layout_ = layout_in(live_);
};

}  // namespace cortex::app
