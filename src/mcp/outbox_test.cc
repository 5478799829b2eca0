#include "mcp/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "base/text.h"

namespace cortex::mcp {
namespace {

struct Reader {
  std::string text;
  std::atomic<bool> is_ready = true;
  Outbox::Pipe pipe() {
    return {.ready = [this] { return is_ready.load(); },
            .write = [this](std::string_view part) { text += part; }};
  }
};

TEST(Outbox, LinesComeInTheOrderOfTheirPlaces) {
  Reader reader;
  Outbox outbox(reader.pipe());
  const auto first = outbox.reserve(), second = outbox.reserve(), third = outbox.reserve();
  outbox.fill(third, "3");
  outbox.fill(second, "");
  EXPECT_EQ(reader.text, "");
  outbox.send("now");
  outbox.fill(first, "1");
  outbox.flush();
  EXPECT_EQ(reader.text, "now\n1\n3\n");
}

TEST(Outbox, ASlowReaderHoldsUpNobody) {
  Reader reader;
  reader.is_ready = false;
  std::promise<void> release;
  Outbox outbox({.ready = [] { return false; },
                 .write =
                     [&, released = release.get_future().share()](std::string_view part) {
                       released.wait();
                       reader.text += part;
                     }});
  for (int i = 0; i < 100; ++i) outbox.fill(outbox.reserve(), cat(i));
  release.set_value();
  outbox.flush();
  EXPECT_TRUE(reader.text.starts_with("0\n1\n2\n"));
  EXPECT_TRUE(reader.text.ends_with("98\n99\n"));
}

TEST(Outbox, ManyThreadsKeepTheOrder) {
  Reader reader;
  std::string wanted;
  {
    Outbox outbox(reader.pipe());
    std::vector<std::thread> threads;
    std::vector<std::uint64_t> places;
    for (int i = 0; i < 400; ++i) {
      places.push_back(outbox.reserve());
      wanted += cat(i, "\n");
    }
    for (std::size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t i = t; i < places.size(); i += 4) outbox.fill(places[i], cat(i));
      });
    }
    for (std::thread& thread : threads) thread.join();
    outbox.flush();
  }
  EXPECT_EQ(reader.text, wanted);
}

TEST(Outbox, WhatIsFilledIsWrittenBeforeTheEnd) {
  std::string text;
  {
    Outbox outbox(
        {.ready = [] { return false; }, .write = [&](std::string_view part) { text += part; }});
    outbox.fill(outbox.reserve(), "last");
  }
  EXPECT_EQ(text, "last\n");
}

}  // namespace
}  // namespace cortex::mcp
