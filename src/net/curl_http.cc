#include <curl/curl.h>
#include <dlfcn.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/text.h"
#include "net/http.h"

namespace cortex::net {
namespace {

// libcurl's functions, looked up when they are first needed: the library brings some thirty others
// along, which would cost every start of the program several milliseconds.
struct Library {
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
  bool ready = false;
};

template <class Function>
bool look_up(void* handle, const char* name, Function& out) {
  out = reinterpret_cast<Function>(::dlsym(handle, name));
  return out != nullptr;
}

Library load() {
  Library curl;
  void* handle = nullptr;
  for (const char* name : {"libcurl.so.4", "libcurl-gnutls.so.4"}) {
    if (handle == nullptr) handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
  }
  if (handle == nullptr) return curl;
  curl.ready = look_up(handle, "curl_global_init", curl.global_init) &&
               look_up(handle, "curl_easy_init", curl.easy_init) &&
               look_up(handle, "curl_easy_cleanup", curl.easy_cleanup) &&
               look_up(handle, "curl_easy_setopt", curl.easy_setopt) &&
               look_up(handle, "curl_easy_perform", curl.easy_perform) &&
               look_up(handle, "curl_easy_getinfo", curl.easy_getinfo) &&
               look_up(handle, "curl_easy_strerror", curl.easy_strerror) &&
               look_up(handle, "curl_slist_append", curl.slist_append) &&
               look_up(handle, "curl_slist_free_all", curl.slist_free_all) &&
               curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return curl;
}

const Library& library() {
  static const Library curl = load();  // stays loaded: its threads and exit handlers need it
  return curl;
}

struct Sink {
  const Library& curl;
  CURL* handle;
  const Request& request;
  std::string body{};
  bool overflowed = false, stopped = false;

  bool answered_well() const {
    constexpr long kHttpOk = 200;
    long status = 0;
    static_cast<void>(curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status));
    return status == kHttpOk;
  }
};

std::size_t receive(char* data, std::size_t size, std::size_t count, void* user) {
  auto& sink = *static_cast<Sink*>(user);
  const std::size_t bytes = size * count;
  if (bytes > sink.request.answer_bytes_max - sink.body.size()) {
    sink.overflowed = true;
    return 0;
  }
  sink.body.append(data, bytes);
  if (sink.request.on_piece && sink.answered_well() && !sink.request.on_piece({data, bytes})) {
    sink.stopped = true;
    return 0;
  }
  return bytes;
}

// Called about once a second, and whenever something moves. Not 0: the exchange ends.
int look_at_stop(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& sink = *static_cast<Sink*>(user);
  sink.stopped = sink.stopped || sink.request.stop.stop_requested();
  return sink.stopped ? 1 : 0;
}

Error failure(std::string_view token, std::string message) {
  return with_token(make_error(Code::kPrecondition, std::move(message)), token);
}

bool is_spoken(std::string_view url) {
  return (url.starts_with("https://") || url.starts_with("http://")) && !url_host(url).empty() &&
         url.find_first_of(" \t\r\n") == std::string_view::npos;
}

class CurlHttp final : public Http {
 public:
  Result<Answer> send(const Request& request) override;
};

// Names of options whose values are not of the type of their macro's checks.
template <class Value>
void set(const Library& curl, CURL* handle, CURLoption option, Value value) {
  static_cast<void>(curl.easy_setopt(handle, option, value));
}

Error explain(const Library& curl, CURLcode code, const Sink& sink, const Request& request) {
  const std::string where = quoted(shown_url(request.url));
  if (sink.overflowed) {
    return failure(kTooLargeToken, cat("the answer of ", where, " is longer than ",
                                       human_bytes(request.answer_bytes_max)));
  }
  if (sink.stopped) {
    return failure(kStoppedToken, cat("the exchange with ", where, " was cut off"));
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return failure(kTimeoutToken,
                   cat(where, " did not answer within ", request.timeout_millis, " ms"));
  }
  return failure(kUnreachableToken, cat(where, ": ", curl.easy_strerror(code)));
}

Result<Answer> CurlHttp::send(const Request& request) {
  if (!is_spoken(request.url)) {
    return failure(kUrlToken, cat(quoted(shown_url(request.url)), " is no http or https address"));
  }
  if (!request.proxy.empty() && !is_spoken(request.proxy)) {
    return failure(kUrlToken,
                   cat("the proxy ", quoted(shown_url(request.proxy)), " is no http address"));
  }
  const Library& curl = library();
  if (!curl.ready) {
    Error error = failure(kNoLibraryToken, "the library libcurl.so.4 could not be loaded");
    error.next = "install libcurl4";
    return error;
  }
  const std::unique_ptr<CURL, decltype(curl.easy_cleanup)> handle(curl.easy_init(),
                                                                  curl.easy_cleanup);
  if (handle == nullptr) return failure(kUnreachableToken, "libcurl could not be started");
  std::unique_ptr<curl_slist, decltype(curl.slist_free_all)> headers(nullptr, curl.slist_free_all);
  for (const std::string& header : request.headers) {
    curl_slist* longer = curl.slist_append(headers.get(), header.c_str());
    if (longer == nullptr) return failure(kUnreachableToken, "out of memory");
    static_cast<void>(headers.release());
    headers.reset(longer);
  }
  CURL* const h = handle.get();
  Sink sink{curl, h, request};
  set(curl, h, CURLOPT_URL, request.url.c_str());
  set(curl, h, CURLOPT_PROTOCOLS_STR, "http,https");
  set(curl, h, CURLOPT_FOLLOWLOCATION, 0L);
  // Never those of the environment: an empty text says so.
  set(curl, h, CURLOPT_PROXY, request.proxy.c_str());
  set(curl, h, CURLOPT_NOPROXY, "");
  set(curl, h, CURLOPT_NOSIGNAL, 1L);
  set(curl, h, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout_millis));
  set(curl, h, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_millis));
  set(curl, h, CURLOPT_HTTPHEADER, headers.get());
  set(curl, h, CURLOPT_USERAGENT, "cortex");
  set(curl, h, CURLOPT_WRITEFUNCTION, &receive);
  set(curl, h, CURLOPT_WRITEDATA, &sink);
  if (request.stop.stop_possible()) {
    set(curl, h, CURLOPT_NOPROGRESS, 0L);
    set(curl, h, CURLOPT_XFERINFOFUNCTION, &look_at_stop);
    set(curl, h, CURLOPT_XFERINFODATA, &sink);
  }
  if (request.method == "POST") {
    set(curl, h, CURLOPT_POST, 1L);
    set(curl, h, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(curl, h, CURLOPT_POSTFIELDS, request.body.data());
  }
  const CURLcode code = curl.easy_perform(h);
  if (code != CURLE_OK) return explain(curl, code, sink, request);
  long status = 0;
  static_cast<void>(curl.easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status));
  Answer answer{.status = static_cast<int>(status), .body = std::move(sink.body)};
  curl_off_t seconds = 0;
  if (curl.easy_getinfo(h, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0) {
    constexpr curl_off_t kDay = 86'400;
    answer.retry_after_seconds = static_cast<int>(std::min(seconds, kDay));
  }
  return answer;
}

}  // namespace

Result<Answer> ProxiedHttp::send(const Request& request) {
  if (proxy_.empty() || is_loopback_url(request.url)) return inner_.send(request);
  Request proxied = request;
  proxied.proxy = proxy_;
  return inner_.send(proxied);
}

Http& system_http() {
  static CurlHttp http;
  return http;
}

}  // namespace cortex::net
