// What was learned goes out in both forms and comes back as it was: the same rows, byte for byte,
// for any texts and numbers.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "app/export.h"
#include "app/layout.h"
#include "app/services.h"
#include "base/fs/test_dir.h"
#include "base/test_seams.h"
#include "base/text.h"
#include "base/ulid.h"
#include "store/memories.h"
#include "store/open.h"
#include "tests/property/generators.h"
#include "transcript/text_fixture.h"

namespace cortex::property {
namespace {

// The bytes of a migrated store without rows: making one anew takes longer than all the rest.
const std::string& empty_store() {
  static const std::string bytes = [] {
    const fs::TestDir folder;
    const std::string path = folder / "cortex.db";
    CORTEX_CHECK(fs::write_new(fs::posix(), path, "", 0600).ok());
    CORTEX_CHECK(store::open_for_writing(path).ok());
    return fs::read_all(fs::posix(), path, 1U << 26).value();
  }();
  return bytes;
}

// A deployment of its own.
struct Place {
  Place() {
    CORTEX_CHECK(fs::write_new(fs::posix(), layout.db_path, empty_store(), 0600).ok());
    CORTEX_CHECK(fs::write_new(fs::posix(), layout.event_log_path, "", 0600).ok());
  }

  std::string exported(app::ExportFormat format) {
    std::string out;
    const auto done = app::export_store(services, layout, format, [&out](std::string_view text) {
      out += text;
      return Status();
    });
    RC_ASSERT(done.ok());
    return out;
  }

  void take_over(const std::string& text) {
    const auto taken = app::take_over_export(services, layout, transcript::reader_of(text), {});
    RC_ASSERT(taken.ok());
  }

  fs::TestDir folder;
  StoppedClock clock;
  CountingRandom random;
  app::Services services{fs::posix(), clock, random};
  app::Layout layout = app::layout_in(folder.path());
};

store::Memory draw_memory(std::uint64_t number) {
  store::Memory row;
  row.id = cat("mem_", Ulid{1, number}.text());
  row.type = *texts();
  row.status = *rc::gen::element<std::string>("candidate", "active", "rejected", "superseded");
  row.claim = *texts();
  row.source_episodes = row.source_events = json::Array();
  row.domains = json::Array{*texts(), "-->"};
  row.salience = *documents(numbers());
  row.confidence = static_cast<double>(*in_range(0, 1'000'001)) / 1'000'000 * 0.9999999;
  row.authority = *texts();
  row.applies_when = row.does_not_apply_when = json::Array{*texts()};
  row.created_at = row.updated_at = format_rfc3339(*common_times(), Offset::kPlus00);
  return row;
}

RC_GTEST_PROP(Export, ComesBackAsItWas, ()) {
  Place from;
  {
    auto db = store::open_for_writing(from.layout.db_path);
    RC_ASSERT(db.ok());
    const auto count = *rc::gen::inRange<std::uint64_t>(0, 6);
    for (std::uint64_t i = 0; i < count; ++i) {
      RC_ASSERT(store::insert_memory(db->connection, draw_memory(i)).ok());
    }
  }
  const std::string lines = from.exported(app::ExportFormat::kJsonLines);
  const std::string prose = from.exported(app::ExportFormat::kMarkdown);
  Place to;
  to.take_over(*in_range(0, 2) == 0 ? lines : prose);
  RC_ASSERT(to.exported(app::ExportFormat::kJsonLines) == lines);
  RC_ASSERT(to.exported(app::ExportFormat::kMarkdown) == prose);
}

}  // namespace
}  // namespace cortex::property
