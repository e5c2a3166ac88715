/* The cheapest CGI program there is (RFC 3875), linked static: what is measured is the server. */
#include <stdio.h>

int main(void)
{
	static const char answer[] = "Content-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n";

	return fwrite(answer, sizeof(answer) - 1, 1, stdout) == 1 && fflush(stdout) == 0 ? 0 : 1;
}
