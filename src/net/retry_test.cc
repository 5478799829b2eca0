#include "net/retry.h"

#include <gtest/gtest.h>

#include <stop_token>
#include <thread>
#include <vector>

#include "net/http_fixture.h"

namespace cortex::net {
namespace {

class CountedPauses final : public Pauses {
 public:
  void pause(int millis, const std::stop_token&) override { millis_.push_back(millis); }
  std::vector<int> millis_;
};

class RetryTest : public testing::Test {
 protected:
  int status_of(const Patience& patience = {}) {
    const auto answer = send_patiently(http_, {.url = "http://h/"}, patience, pauses_);
    return answer.ok() ? answer->status : -1;
  }
  ListedHttp http_;
  CountedPauses pauses_;
};

TEST_F(RetryTest, AsksAgainWhileTheServerIsBusy) {
  http_.answers = {Answer{503}, Answer{429}, Answer{200}};
  EXPECT_EQ(status_of(), 200);
  EXPECT_EQ(pauses_.millis_, (std::vector<int>{400, 800}));
}

TEST_F(RetryTest, GivesUpWithTheLastAnswer) {
  http_.answers = {Answer{500}, Answer{502}, Answer{503}, Answer{200}};
  EXPECT_EQ(status_of(), 503);
  EXPECT_EQ(http_.requests.size(), 3U);
}

TEST_F(RetryTest, OtherAnswersAreFinal) {
  for (const int status : {200, 302, 400, 401, 404}) {
    http_.answers = {Answer{status}};
    EXPECT_EQ(status_of(), status);
  }
  EXPECT_TRUE(pauses_.millis_.empty());
}

TEST_F(RetryTest, NoAnswerIsNotAskedForAgain) {
  EXPECT_EQ(status_of(), -1);
  EXPECT_EQ(http_.requests.size(), 1U);
}

TEST_F(RetryTest, WaitsAsTheServerAsksUpToALimit) {
  http_.answers = {Answer{429, {}, 2}, Answer{429, {}, 86'400}, Answer{200}};
  EXPECT_EQ(status_of(), 200);
  EXPECT_EQ(pauses_.millis_, (std::vector<int>{2000, 5000}));
}

// A stop that comes while it waits, in the pauses that the program itself makes.
TEST_F(RetryTest, ACallThatIsCalledOff_DoesNotWaitOutItsPause) {
  constexpr int kHour = 3'600'000;
  const Patience patient{.first_pause_millis = kHour, .pause_millis_max = kHour};
  for (const bool by_request : {true, false}) {
    http_.answers = {Answer{503}, Answer{200}};
    http_.requests.clear();
    std::stop_source source;
    StoppableHttp stoppable(http_, source.get_token());
    Http& http = by_request ? static_cast<Http&>(http_) : stoppable;
    const Request request{.url = "http://h/",
                          .stop = by_request ? source.get_token() : std::stop_token()};
    const std::jthread other([&source] { source.request_stop(); });
    const auto answer = send_patiently(http, request, patient);
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().token, kStoppedToken);
    EXPECT_EQ(http_.requests.size(), 1U);
  }
}

}  // namespace
}  // namespace cortex::net
