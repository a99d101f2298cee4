package engine_test

func appendingChild(string) int { return 0 }
func holdingChild(string) int { return 0 }
