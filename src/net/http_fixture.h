// An Http that answers from a list and keeps what it was asked. For tests only.
#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "net/http.h"

namespace cortex::net {

class ListedHttp final : public Http {
 public:
  Result<Answer> send(const Request& request) override {
    requests.push_back(request);
    if (answers.empty()) {
      return with_token(make_error(Code::kPrecondition, "nobody is there"), kUnreachableToken);
    }
    Result<Answer> answer = std::move(answers.front());
    answers.pop_front();
    // Torn at every fifth byte, as a network may.
    if (answer.ok() && answer->status == 200 && request.on_piece) {
      constexpr std::size_t kPiece = 5;
      for (std::size_t at = 0; at < answer->body.size(); at += kPiece) {
        if (request.on_piece(std::string_view(answer->body).substr(at, kPiece))) continue;
        return with_token(make_error(Code::kPrecondition, "the answer was cut off"), kStoppedToken);
      }
    }
    return answer;
  }

  std::deque<Result<Answer>> answers;
  std::vector<Request> requests;
};

}  // namespace cortex::net
