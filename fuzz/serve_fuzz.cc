// Frames of MCP clients against a real server on a store, tools that write included: every request
// ends, a conversation has at most one answer for each of its requests, and what is in the store
// follows from the ledger, row by row.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/audit.h"
#include "app/init.h"
#include "app/serve.h"
#include "base/fs/test_dir.h"
#include "base/text.h"
#include "fuzz/require.h"
#include "json/value.h"
#include "mcp/dispatcher.h"
#include "mcp/stdio.h"
#include "net/http.h"

namespace {

using cortex::fuzz::require;
namespace app = cortex::app;
namespace mcp = cortex::mcp;

// Inputs between two looks at the whole ledger, after the first ones; and inputs for one store: it
// grows, and what is found must be found again.
constexpr int kInputsChecked = 64, kInputsCheckedFirst = 8, kInputsOfStore = 2048;
constexpr std::chrono::seconds kEndsWithin{60};

// Models are asked, and nobody is there.
class NobodyThere final : public cortex::net::Http {
 public:
  cortex::Result<cortex::net::Answer> send(const cortex::net::Request&) override {
    auto error = cortex::make_error(cortex::Code::kPrecondition, "nobody is there");
    error.token = cortex::net::kUnreachableToken;
    return error;
  }
};

class Server {
 public:
  Server() {
    require(app::init(services_, layout_, false).ok() &&
            app::prepare_store(services_, layout_).ok());
  }

  // One conversation: a handshake, then the lines of `bytes`.
  void talk(std::string_view revision, std::string_view bytes) {
    std::string said;
    std::size_t asked = 0;
    {
      mcp::Outbox outbox({.ready = [] { return true; },
                          .write = [&said](std::string_view text) { said += text; }});
      mcp::LineSession session(dispatcher_, outbox);
      require(session.take(cortex::cat(
          R"({"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":")",
          revision, R"(","capabilities":{},"clientInfo":{"name":"fuzz","version":"1"}}})")));
      for (const std::string_view line : cortex::split(bytes, '\n')) {
        asked += 1 + static_cast<std::size_t>(line.starts_with('[') ? mcp::decode_batch(line).size()
                                                                    : 0);
        require(session.take(line));
      }
      require(scheduler_.wait_idle(kEndsWithin));
      outbox.flush();
    }
    std::size_t answers = 0;
    for (const std::string_view line : cortex::split(said, '\n')) {
      if (line.empty()) continue;
      const auto value = cortex::json::parse(line);
      require(value.ok());
      if (value->find("method") == nullptr) ++answers;
    }
    require(answers >= 1 && answers <= asked + 1);
  }

  void check() {
    const app::VerifyReport report =
        app::audit_verify(services_, {.layout = layout_, .strict = true, .mirror = true});
    require(report.code == cortex::Code::kOk);
  }

 private:
  cortex::fs::TestDir folder_;
  NobodyThere http_;
  app::Services services_{cortex::fs::posix(), cortex::system_clock(), cortex::system_random(),
                          http_};
  app::Layout layout_ = app::layout_in(folder_ / "data");
  app::Environment environment_{};
  app::AgentSettings settings_{};
  mcp::Confirmation confirmation_{cortex::system_random(), true};
  mcp::Host host_{services_, environment_, layout_, settings_, confirmation_};
  mcp::Scheduler scheduler_{2};
  mcp::Dispatcher dispatcher_{host_, scheduler_, {}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<Server> server;
  static int inputs = 0;
  constexpr std::string_view kRevisions[] = {"2025-03-26", "2025-11-25", "2024-11-05",
                                             "2026-07-28"};
  if (size == 0) return 0;
  const int of_store = inputs++ % kInputsOfStore;
  if (of_store == 0) server = std::make_unique<Server>();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  server->talk(kRevisions[data[0] % std::size(kRevisions)], bytes.substr(1));
  if (of_store < kInputsCheckedFirst || of_store % kInputsChecked == 0) server->check();
  return 0;
}
