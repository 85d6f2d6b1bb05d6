/*
 * heard - the other end of sd_notify(3): a datagram socket that prints what it is told.
 *
 *	heard PATH >lines &	PATH is there once it listens; a line for each line of a datagram,
 *				until it is killed
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { DATAGRAM_BYTES = 4096 };

int
main(int argc, char **argv)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char text[DATAGRAM_BYTES];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t n;

	if (argc != 2 || strlen(argv[1]) >= sizeof(at.sun_path) || fd < 0) {
		fputs("usage: heard PATH\n", stderr);
		return 2;
	}
	memcpy(at.sun_path, argv[1], strlen(argv[1]) + 1);
	unlink(argv[1]);
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at))) {
		perror("heard");
		return 1;
	}
	while ((n = recv(fd, text, sizeof(text), 0)) >= 0) {
		printf("%.*s\n", (int)n, text);
		fflush(stdout);
	}
	return 1;
}
