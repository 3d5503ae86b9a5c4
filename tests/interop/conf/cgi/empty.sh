printf 'Status: 204\r\n\r\n'
