// A store with many memories, and what the commands on them ask of SQLite.
//
//   build/bench/bench/cortex_memories fill FOLDER COUNT   a new store and ledger, by operations
//   build/bench/bench/cortex_memories count FOLDER        statements, rows, instructions, millis
//
// bench/memories.py times whole commands on such a store.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "app/init.h"
#include "app/many_memories_fixture.h"
#include "app/memory_note.h"
#include "app/open_store.h"
#include "base/fs/fs.h"
#include "base/text.h"
#include "sqlite/work_count.h"

namespace {

using namespace std::chrono;  // NOLINT(google-build-using-namespace)
using cortex::Status;
namespace app = cortex::app;

Status fill(app::Services& services, const app::Layout& layout, std::uint64_t count) {
  CORTEX_TRY(app::init(services, layout, false));
  CORTEX_TRY(app::open_store(services, layout));
  CORTEX_TRY(app::ManyMemories::fill(services, layout, count));
  // The first note makes the index of near duplicates, which others then only add to.
  CORTEX_TRY(
      app::note(services, layout, {app::cli_caller()}, {.claim = "All are there.", .domains = {}}));
  return {};
}

void print(const app::MemoryTask& task, const cortex::sqlite::WorkCount& count, double millis,
           bool verbose) {
  const cortex::sqlite::Work all = count.total();
  std::cout << task.name << std::string(32 - std::min<std::size_t>(31, task.name.size()), ' ')
            << all.statements << " statements, " << all.scanned << " rows scanned, " << all.sorts
            << " sorts, " << all.steps << " instructions, " << millis << " ms\n";
  if (!verbose) return;
  for (const auto& [text, work] : count.by_text()) {
    if (work.steps < 2000 && work.statements < 10) continue;
    std::cout << "    " << work.statements << "x " << work.scanned << " " << work.steps << "  "
              << text.substr(0, 300) << "\n";
  }
}

Status count(app::Services& services, const app::Layout& layout, bool verbose) {
  using app::ManyMemories;
  const std::string words =
      cortex::cat(ManyMemories::word(3), " ", ManyMemories::word(70), " ", ManyMemories::word(900));
  for (const app::MemoryTask& task : app::memory_tasks(words)) {
    std::vector<double> millis;
    for (int round = 0; round < 5; ++round) {
      const auto began = steady_clock::now();
      CORTEX_TRY(task.run(services, layout));
      millis.push_back(duration<double, std::milli>(steady_clock::now() - began).count());
    }
    std::ranges::sort(millis);
    cortex::sqlite::WorkCount counting;
    CORTEX_TRY(task.run(services, layout));
    print(task, counting, millis[millis.size() / 2], verbose);
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 2) {
    std::cerr << "cortex_memories fill FOLDER COUNT | count FOLDER [-v]\n";
    return 2;
  }
  app::Services services{cortex::fs::posix(), cortex::system_clock(), cortex::system_random()};
  const app::Layout layout = app::layout_in(words[1]);
  const bool filling = words[0] == "fill" && words.size() > 2;
  const Status done = filling ? fill(services, layout, std::strtoull(words[2].c_str(), nullptr, 10))
                              : count(services, layout, words.back() == "-v");
  if (!done.ok()) std::cerr << done.error().text() << "\n";
  return done.ok() ? 0 : 1;
}
